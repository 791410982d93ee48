//! Hot aggregates, bounded. A stale entry does no harm: the optimistic lock refuses what was decided on it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::metrics::Lookups;

/// Bytes of aggregates kept in memory per process, and for how long: personal data of somebody who was erased by another process is
/// not kept for longer.
const BYTES: u64 = 64 * 1024 * 1024;
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// What an entry takes beside what its events say; and the most that it counts for, since the state that a long history comes to
/// is short.
const OVERHEAD: u32 = 512;
const MOST: u32 = 256 * 1024;

type Key = (Uuid, &'static str, Uuid);

#[derive(Clone)]
struct Entry {
    aggregate: Arc<dyn Any + Send + Sync>,
    weight: u32,
}

#[derive(Clone)]
pub(crate) struct AggregateCache {
    entries: moka::sync::Cache<Key, Entry>,
    lookups: Lookups,
}

impl AggregateCache {
    pub(crate) fn new() -> Self {
        let entries = moka::sync::Cache::builder()
            .weigher(|_, entry: &Entry| entry.weight)
            .max_capacity(BYTES)
            .time_to_live(LIFETIME)
            .build();
        Self { entries, lookups: Lookups::new() }
    }

    pub(crate) fn get<T: Any + Send + Sync>(&self, key: &Key) -> Option<Arc<T>> {
        let found = self.entries.get(key).and_then(|entry| entry.aggregate.downcast().ok());
        if found.is_some() {
            self.lookups.hit()
        } else {
            self.lookups.miss()
        }
        found
    }

    /// Keeps an aggregate of which the events say `bytes`.
    pub(crate) fn put<T: Any + Send + Sync>(&self, key: Key, aggregate: T, bytes: u32) {
        let weight = bytes.saturating_add(OVERHEAD).min(MOST);
        self.entries.insert(key, Entry { aggregate: Arc::new(aggregate), weight });
    }

    pub(crate) fn forget(&self, key: &Key) {
        self.entries.invalidate(key);
    }
}
