//! Hot aggregates, bounded. A stale entry does no harm: the optimistic lock refuses what was decided on it.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::Aggregate;
use moka::Expiry;
use moka::ops::compute::Op;
use serde::Serialize;
use uuid::Uuid;

use crate::metrics::{Held, Lookups};
use crate::store::Loaded;

/// MiB of aggregates kept in memory per process, unless something else is said.
pub const AGGREGATE_CACHE_MIB: u32 = 64;
/// How long aggregates with personal data are kept: that of somebody who was erased by another process is not kept for longer.
/// All others are kept for as long as there is room.
const LIFETIME_OF_PERSONAL: Duration = Duration::from_secs(15 * 60);
/// What an entry takes beside the state in it.
const OVERHEAD: u64 = 512;
/// Room is made once some 64 entries came, or time has passed. What is heavier than this share of all the room has it made at once,
/// so that what waits for it comes to a sixteenth of the room at most.
const HEAVY_SHARE: u64 = 1024;

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
    room: u64,
    lookups: Lookups,
    held: Held,
}

impl AggregateCache {
    /// Room for so many bytes, as [`weight_of`] counts them.
    pub(crate) fn of(room: u64) -> Self {
        let entries = moka::sync::Cache::builder()
            .weigher(|_, entry: &Entry| entry.weight)
            .max_capacity(room)
            .expire_after(Lifetimes)
            .build();
        Self { entries, room, lookups: Lookups::new(), held: Held::new() }
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

    /// Keeps it, unless it is heavier than all that there is room for.
    pub(crate) fn put<A: Aggregate + 'static>(&self, loaded: Loaded<A>) {
        let key = (loaded.tenant, A::TYPE, loaded.id);
        let bytes = weight_of(&loaded.state);
        let Some(weight) = u32::try_from(bytes).ok().filter(|_| bytes <= self.room) else {
            // What it was before is of no use to anybody.
            return self.forget(&key);
        };
        let (is_personal, last_event) = (loaded.key.is_some(), loaded.last_event);
        // Without news it is as old as it was.
        let known = self.entries.get(&key).filter(|entry| entry.last_event == last_event);
        let since = known.map_or_else(Instant::now, |entry| entry.since);
        let aggregate: Arc<dyn Any + Send + Sync> = Arc::new(loaded);
        self.entries
            .insert(key, Entry { aggregate, weight, is_personal, last_event, since, is_doubted: false });
        if bytes > self.room / HEAVY_SHARE {
            self.entries.run_pending_tasks();
        }
        self.held.set(self.entries.weighted_size());
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

/// About the bytes that an entry with a state takes: twice what the state is as JSON, since names and quotes stand there for what lengths,
/// pointers, spare room and fields without a value take in memory. It is the state that counts and not its history, which may be long
/// and come to little. What cannot be written as JSON is too heavy for any cache.
fn weight_of(state: &impl Serialize) -> u64 {
    let mut text = Length(0);
    match serde_json::to_writer(&mut text, state) {
        Ok(()) => text.0.saturating_mul(2).saturating_add(OVERHEAD),
        Err(error) => {
            debug_assert!(false, "{error}");
            u64::MAX
        }
    }
}

/// Counts what is written, and keeps nothing of it.
struct Length(u64);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::DomainEvent;
    use cqrs_es::event_sink::EventSink;
    use serde::Deserialize;

    use super::*;

    const ROOM: usize = 1024 * 1024;

    /// As much as is written in it.
    #[derive(Clone, Debug, Default, Serialize, Deserialize)]
    struct Letter {
        text: String,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Written {}

    impl DomainEvent for Written {
        fn event_type(&self) -> String {
            "letter.written".into()
        }
        fn event_version(&self) -> String {
            "1".into()
        }
    }

    impl Aggregate for Letter {
        const TYPE: &'static str = "test.letter";
        type Command = ();
        type Event = Written;
        type Error = std::fmt::Error;
        type Services = ();

        async fn handle(&mut self, (): (), _: &(), _: &EventSink<Self>) -> Result<(), std::fmt::Error> {
            Ok(())
        }

        fn apply(&mut self, _: Written) {}
    }

    fn cache() -> AggregateCache {
        AggregateCache::of(u64::try_from(ROOM).unwrap())
    }

    fn letter(id: u128, length: usize) -> Loaded<Letter> {
        let state = Letter { text: "x".repeat(length) };
        Loaded { state, sequence: 1, ..Loaded::unborn(Uuid::nil(), Uuid::from_u128(id)) }
    }

    fn kept(cache: &AggregateCache, id: u128) -> Option<usize> {
        let letter = cache.beginning::<Letter>(Uuid::nil(), Uuid::from_u128(id))?;
        Some(letter.state.text.len())
    }

    #[test]
    fn however_different_things_are_they_never_take_more_than_the_room_for_them() {
        let cache = cache();
        let mut most = 0;
        for id in 0..440 {
            // From a byte to twice the room.
            cache.put(letter(id, 1 << (id % 22)));
            let held: usize = (0..=id).filter_map(|id| kept(&cache, id)).sum();
            assert!(held <= ROOM, "{held} bytes after {id}");
            most = most.max(held);
        }
        assert!(most > ROOM / 8, "{most} bytes at most");
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= cache.room);
    }

    #[test]
    fn what_an_entry_takes_by_itself_counts_too() {
        let cache = cache();
        for id in 0..5_000 {
            cache.put(letter(id, 1));
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.iter().count() < ROOM / 512);
    }

    #[test]
    fn what_has_grown_beyond_the_room_is_not_kept_and_neither_is_what_it_was() {
        let cache = cache();
        for length in [1, ROOM / 4, ROOM / 2] {
            cache.put(letter(1, length));
            let expected = Some(length).filter(|_| length < ROOM / 2);
            assert_eq!(kept(&cache, 1), expected);
        }
        cache.put(letter(1, 1));
        assert_eq!(kept(&cache, 1), Some(1));
    }
}
