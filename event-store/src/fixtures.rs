//! How tests read events: with a master key that everybody knows.

use sqlx::PgPool;

use crate::event::Recorded;
use crate::read;
use crate::seal::{self, MasterKeys};
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

/// All events of a log, in order, with what is personal in plain text.
///
/// # Errors
/// The database is not there.
pub async fn opened(pool: &PgPool) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let events = read::after(&mut *connection, 0, i64::MAX).await?;
    seal::open(&mut connection, events, upcasters()).await
}
