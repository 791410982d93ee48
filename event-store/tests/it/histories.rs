//! Long histories, and such of large events, are read in pages that fit into memory.

use event_store::read::History;
use event_store::{Change, EventStore, Loaded, Recorded, Upcasters, fixtures};
use uuid::Uuid;

use crate::counter::{Counter, CounterEvent};
use crate::log::{Log, metadata};
use crate::person::{Person, PersonEvent, named};

/// Bytes of JSON that a page has at most, unless it is one event.
const PAGE_BYTES: usize = 1024 * 1024;

/// Has an aggregate count so many times in one append, by one more each time.
async fn count(log: &Log, id: Uuid, times: i64) {
    let mut change = log.change();
    let counted = (1..=times).map(|by| CounterEvent::Counted { by }).collect();
    change.record(&Loaded::<Counter>::unborn(log.tenant, id), counted).unwrap();
    log.store.commit(change).await.unwrap();
}

/// What that comes to.
fn sum(times: i64) -> i64 {
    times * (times + 1) / 2
}

async fn pages(log: &Log, aggregate: (&str, Uuid)) -> Vec<Vec<Recorded>> {
    let mut history = History::of(log.tenant, aggregate);
    let mut pages = Vec::new();
    while let Some(page) = history.next(&log.pool).await.unwrap() {
        pages.push(page);
    }
    pages
}

#[tokio::test]
async fn a_history_of_any_length_is_read_in_pages_and_comes_to_the_same() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    count(&log, id, 25_000).await;
    let pages = pages(&log, ("test.counter", id)).await;
    let lengths: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert!(lengths.iter().all(|length| *length <= 500), "{lengths:?}");
    let sequences: Vec<i64> = pages.iter().flatten().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=25_000).collect::<Vec<_>>());
    let cold = log.another_process().load::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((cold.state.count, cold.sequence, cold.position), (sum(25_000), 25_000, 25_000));
}

/// The state that it came to is small.
#[tokio::test]
async fn what_has_a_long_history_is_kept_in_little_memory() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    count(&log, id, 25_000).await;
    let other = log.another_process().with_cache(1);
    other.load::<Counter>(log.tenant, id).await.unwrap();
    sqlx::query("delete from log.event").execute(&log.database.pool()).await.unwrap();
    assert_eq!(other.load::<Counter>(log.tenant, id).await.unwrap().state.count, sum(25_000));
}

#[tokio::test]
async fn several_aggregates_are_loaded_whole_wherever_a_page_ends() {
    let log = Log::new().await;
    let times = [1_000, 1, 499, 64, 700, 0, 3];
    let all: Vec<(Uuid, i64)> = times.into_iter().map(|times| (Uuid::now_v7(), times)).collect();
    for (id, times) in &all {
        if *times > 0 {
            count(&log, *id, *times).await;
        }
    }
    // Not in the order in which they are read.
    let ids: Vec<Uuid> = all.iter().rev().map(|(id, _)| *id).collect();
    let expected: Vec<_> = all.iter().rev().map(|(id, times)| (*id, sum(*times), *times)).collect();
    let other = log.another_process();
    for _ in 0..2 {
        let loaded = other.load_all::<Counter>(log.tenant, &ids).await.unwrap();
        let loaded: Vec<_> = loaded.iter().map(|one| (one.id, one.state.count, one.sequence)).collect();
        assert_eq!(loaded, expected);
    }
}

/// A log of people, one of whom has long names.
struct LongNames {
    log: Log,
    store: EventStore,
    id: Uuid,
}

impl LongNames {
    /// Two of them, sealed, are no longer a page.
    const LENGTH: usize = 500 * 1024;

    async fn new() -> Self {
        let log = Log::new().await;
        let store = EventStore::start(log.pool.clone(), fixtures::upcasters());
        Self { log, store, id: Uuid::now_v7() }
    }

    fn another_process(&self) -> EventStore {
        EventStore::start(self.log.pool.clone(), fixtures::upcasters())
    }

    async fn load(&self, store: &EventStore) -> Loaded<Person> {
        store.load_newest(self.log.tenant, self.id).await.unwrap()
    }

    async fn append(&self, event: PersonEvent) {
        let mut change = Change::new(self.log.tenant, &metadata()).unwrap();
        let is_last = event == PersonEvent::Erased {};
        change.record(&self.load(&self.store).await, vec![event]).unwrap();
        if is_last {
            change.erase(self.id);
        }
        self.store.commit(change).await.unwrap();
    }

    /// Their first letters.
    async fn names(&self, store: &EventStore) -> Vec<Option<char>> {
        let names = self.load(store).await.state.names;
        names.iter().map(|name| name.as_ref()?.chars().next()).collect()
    }
}

fn long(letter: char) -> PersonEvent {
    named(&letter.to_string().repeat(LongNames::LENGTH))
}

#[tokio::test]
async fn of_large_events_a_page_has_few() {
    let people = LongNames::new().await;
    for letter in ['a', 'b', 'c', 'd'] {
        people.append(long(letter)).await;
        people.append(named("short")).await;
    }
    let pages = pages(&people.log, ("test.person", people.id)).await;
    for page in &pages {
        let bytes: usize = page.iter().map(|event| event.payload.to_string().len()).sum();
        assert!(page.len() == 1 || bytes <= PAGE_BYTES, "{bytes} bytes of {} events", page.len());
    }
    assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), 8);
    let all = ['a', 's', 'b', 's', 'c', 's', 'd', 's'].map(Some);
    assert_eq!(people.names(&people.another_process()).await, all);
}

/// What is new of somebody may not fit into the page that begins with what is known.
#[tokio::test]
async fn who_was_erased_is_not_remembered_however_large_what_came_between() {
    let people = LongNames::new().await;
    people.append(long('a')).await;
    let other = people.another_process();
    assert_eq!(people.names(&other).await, [Some('a')]);
    people.append(long('b')).await;
    people.append(PersonEvent::Erased {}).await;
    assert_eq!(people.names(&other).await, [None, None]);
}

/// Nothing personal is in it, so what is known is read on from.
#[tokio::test]
async fn what_is_new_is_read_on_over_any_number_of_pages() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    let other = EventStore::start(log.pool.clone(), Upcasters::default());
    count(&log, id, 3).await;
    assert_eq!(other.load::<Counter>(log.tenant, id).await.unwrap().state.count, 6);
    let counter = log.store.load::<Counter>(log.tenant, id).await.unwrap();
    let mut change = log.change();
    change.record(&counter, vec![CounterEvent::Counted { by: 1 }; 1_000]).unwrap();
    log.store.commit(change).await.unwrap();
    sqlx::query("delete from log.event where position < 3").execute(&log.database.pool()).await.unwrap();
    let newest = other.load_newest::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((newest.state.count, newest.sequence), (1_006, 1_003));
}
