//! Hot aggregates, bounded. A stale entry does no harm: the optimistic lock refuses what was decided on it.

use std::any::Any;
use std::sync::Arc;

use uuid::Uuid;

use crate::metrics::Lookups;

/// Aggregates kept in memory per process.
const AGGREGATES: u64 = 50_000;

type Key = (Uuid, &'static str, Uuid);

#[derive(Clone)]
pub(crate) struct AggregateCache {
    entries: moka::sync::Cache<Key, Arc<dyn Any + Send + Sync>>,
    lookups: Lookups,
}

impl AggregateCache {
    pub(crate) fn new() -> Self {
        Self { entries: moka::sync::Cache::new(AGGREGATES), lookups: Lookups::new() }
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self, key: &Key) -> Option<Arc<T>> {
        let found = self.entries.get(key).and_then(|entry| entry.downcast().ok());
        if found.is_some() {
            self.lookups.hit()
        } else {
            self.lookups.miss()
        }
        found
    }

    pub(crate) fn put<T: Any + Send + Sync>(&self, key: Key, entry: T) {
        self.entries.insert(key, Arc::new(entry));
    }

    pub(crate) fn forget(&self, key: &Key) {
        self.entries.invalidate(key);
    }
}
