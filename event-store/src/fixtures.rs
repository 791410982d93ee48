//! How tests read events: with a master key that everybody knows.

use crate::seal::MasterKeys;
use crate::upcast::Upcasters;

/// A master key for tests, as in `CRM_MASTER_KEY`. It keeps nothing secret.
pub const MASTER_KEY: &str = "bm8gc2VjcmV0OiBhIG1hc3RlciBrZXkgb2YgdGVzdHM=";

/// No steps, and [`MASTER_KEY`].
#[must_use]
pub fn upcasters() -> Upcasters {
    match MasterKeys::parse(MASTER_KEY) {
        Ok(keys) => Upcasters::default().with_master_keys(keys),
        Err(_) => Upcasters::default(),
    }
}
