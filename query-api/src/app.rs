//! What every handler is given.

use std::sync::Arc;

use edge::{EdgeState, TokenKeys};
use event_store::Upcasters;
use projections::Positions;
use sqlx::PgPool;

use crate::tenant::TenantReads;

/// The state of the query API. Clones share everything.
#[derive(Clone)]
pub struct QueryApi {
    pub(crate) reads: TenantReads,
    pub(crate) positions: Positions,
    pub(crate) upcasters: Upcasters,
    keys: Arc<TokenKeys>,
}

impl QueryApi {
    /// Reads by `pool`, a pool of [`event_store::Duty::Reader`], which from now on is used only inside the transaction
    /// of one tenant; waits by `positions`; checks tokens with `keys`; reads old events by `upcasters`.
    pub fn new(pool: PgPool, positions: Positions, keys: TokenKeys, upcasters: Upcasters) -> Self {
        Self { reads: TenantReads::new(pool), positions, upcasters, keys: Arc::new(keys) }
    }
}

impl EdgeState for QueryApi {
    fn token_keys(&self) -> &TokenKeys {
        &self.keys
    }
}
