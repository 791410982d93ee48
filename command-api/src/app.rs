//! What every command needs.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use edge::{EdgeState, TokenKeys};
use event_store::EventStore;

use crate::line::Lines;
use crate::moment;

/// The state of the API. Clones share one store, with its appender and its cache, and the lines in which
/// commands wait for each other.
#[derive(Clone)]
pub struct CommandApi(Arc<Parts>);

struct Parts {
    store: EventStore,
    keys: TokenKeys,
    clock: fn() -> DateTime<Utc>,
    lines: Lines,
}

impl CommandApi {
    /// An API that appends to `store`, takes the tokens that `keys` verify, and goes by the system's clock.
    pub fn new(store: EventStore, keys: TokenKeys) -> Self {
        Self(Arc::new(Parts { store, keys, clock: Utc::now, lines: Lines::new() }))
    }

    /// The same API by another clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> DateTime<Utc>) -> Self {
        let Parts { store, keys, lines, .. } = &*self.0;
        let (store, keys, lines) = (store.clone(), keys.clone(), lines.clone());
        Self(Arc::new(Parts { store, keys, clock, lines }))
    }

    /// The log.
    pub fn store(&self) -> &EventStore {
        &self.0.store
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.0.lines
    }

    /// The present, in whole microseconds. The domain has no clock; this one serves it.
    pub fn now(&self) -> DateTime<Utc> {
        moment::whole_microseconds((self.0.clock)())
    }
}

impl EdgeState for CommandApi {
    fn token_keys(&self) -> &TokenKeys {
        &self.0.keys
    }
}
