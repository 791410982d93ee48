//! Hot aggregates, bounded. A stale entry does no harm: the optimistic lock refuses what was decided on it.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::Aggregate;
use moka::Expiry;
use moka::ops::compute::Op;
use uuid::Uuid;

use crate::metrics::Lookups;
use crate::store::Loaded;

/// Bytes of aggregates kept in memory per process.
const BYTES: u64 = 64 * 1024 * 1024;
/// How long aggregates with personal data are kept: that of somebody who was erased by another process is not kept for longer.
/// All others are kept for as long as there is room.
const LIFETIME_OF_PERSONAL: Duration = Duration::from_secs(15 * 60);
/// What an entry takes beside what its events say; and the most that it counts for, since the state that a long history comes to
/// is short.
const OVERHEAD: u32 = 512;
const MOST: u32 = 256 * 1024;

type Key = (Uuid, &'static str, Uuid);

#[derive(Clone)]
struct Entry {
    aggregate: Arc<dyn Any + Send + Sync>,
    weight: u32,
    is_personal: bool,
    /// Which of its events was the last, and since when that is known here.
    last_event: Option<Uuid>,
    since: Instant,
    /// An append that was decided on it failed, most likely since another process was faster.
    is_doubted: bool,
}

impl Entry {
    fn lifetime(&self) -> Option<Duration> {
        self.is_personal.then(|| LIFETIME_OF_PERSONAL.saturating_sub(self.since.elapsed()))
    }
}

struct Lifetimes;

impl Expiry<Key, Entry> for Lifetimes {
    fn expire_after_create(&self, _: &Key, entry: &Entry, _: Instant) -> Option<Duration> {
        entry.lifetime()
    }

    fn expire_after_update(
        &self,
        _: &Key,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        entry.lifetime()
    }
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
            .expire_after(Lifetimes)
            .build();
        Self { entries, lookups: Lookups::new() }
    }

    /// What can be decided on.
    pub(crate) fn get<A>(&self, tenant: Uuid, id: Uuid) -> Option<Arc<Loaded<A>>>
    where
        A: Aggregate + 'static,
    {
        let entry = self.entries.get(&(tenant, A::TYPE, id)).filter(|entry| !entry.is_doubted);
        if entry.is_some() {
            self.lookups.hit()
        } else {
            self.lookups.miss()
        }
        entry.and_then(|entry| entry.aggregate.downcast().ok())
    }

    /// What the log can be read on from.
    pub(crate) fn beginning<A>(&self, tenant: Uuid, id: Uuid) -> Option<Arc<Loaded<A>>>
    where
        A: Aggregate + 'static,
    {
        self.entries.get(&(tenant, A::TYPE, id)).and_then(|entry| entry.aggregate.downcast().ok())
    }

    pub(crate) fn put<A: Aggregate + 'static>(&self, loaded: Loaded<A>) {
        let key = (loaded.tenant, A::TYPE, loaded.id);
        let weight = loaded.weight.saturating_add(OVERHEAD).min(MOST);
        let (is_personal, last_event) = (loaded.key.is_some(), loaded.last_event);
        // Without news it is as old as it was.
        let known = self.entries.get(&key).filter(|entry| entry.last_event == last_event);
        let since = known.map_or_else(Instant::now, |entry| entry.since);
        let aggregate: Arc<dyn Any + Send + Sync> = Arc::new(loaded);
        self.entries
            .insert(key, Entry { aggregate, weight, is_personal, last_event, since, is_doubted: false });
    }

    /// Has the log read on from it before anything more is decided on it.
    pub(crate) fn doubt(&self, key: Key) {
        self.entries.entry(key).and_compute_with(|known| match known {
            Some(entry) => Op::Put(Entry { is_doubted: true, ..entry.into_value() }),
            None => Op::Nop,
        });
    }

    pub(crate) fn forget(&self, key: &Key) {
        self.entries.invalidate(key);
    }
}
