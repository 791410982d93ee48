use event_store::seal::{self, MasterKeys, rewrap};
use event_store::{
    AppendError, Change, Duty, EventStore, LoadError, Loaded, Recorded, Upcasters, connect, fixtures, read,
};
use sqlx::Executor as _;
use uuid::Uuid;

use crate::log::{Log, metadata};
use crate::person::{Person, PersonEvent, named};

/// A log of people, and one of them.
struct People {
    log: Log,
    store: EventStore,
    id: Uuid,
}

impl People {
    async fn new() -> Self {
        let log = Log::new().await;
        let store = EventStore::start(log.pool.clone(), fixtures::upcasters());
        Self { log, store, id: Uuid::now_v7() }
    }

    /// Another process, which reads by `upcasters`.
    fn another(&self, upcasters: Upcasters) -> EventStore {
        EventStore::start(connect(self.log.database.url(), Duty::Appender, 2).unwrap(), upcasters)
    }

    fn change(&self) -> Change {
        Change::new(self.log.tenant, &metadata()).unwrap()
    }

    async fn load(&self, store: &EventStore) -> Loaded<Person> {
        store.load_newest(self.log.tenant, self.id).await.unwrap()
    }

    async fn name(&self, store: &EventStore, name: &str) -> Result<i64, AppendError> {
        let mut change = self.change();
        change.record(&self.load(store).await, vec![named(name)]).unwrap();
        store.commit(change).await.map(|appended| appended.position)
    }

    async fn erase(&self) {
        let mut change = self.change();
        change.record(&self.load(&self.store).await, vec![PersonEvent::Erased {}]).unwrap();
        change.erase(self.id);
        self.store.commit(change).await.unwrap();
    }

    async fn names(&self, store: &EventStore) -> Vec<Option<String>> {
        self.load(store).await.state.names
    }

    /// All that the log and the tables of keys hold, as text.
    async fn stored(&self) -> String {
        let sql = "select (select string_agg(e::text, ' ') from log.event as e)
            || (select string_agg(k::text, ' ') from identity.person_key as k)
            || (select string_agg(k::text, ' ') from identity.tenant_key as k)";
        sqlx::query_scalar(sql).fetch_one(&self.log.database.pool()).await.unwrap()
    }

    async fn opened(&self, upcasters: Upcasters) -> Result<Vec<Recorded>, sqlx::Error> {
        let events = read::after(&self.log.pool, 0, 100).await?;
        seal::open(&mut *self.log.pool.acquire().await?, events, upcasters).await
    }
}

fn some(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| Some((*name).to_owned())).collect()
}

#[tokio::test]
async fn personal_data_is_in_plain_text_for_processes_with_the_master_key_and_nowhere_in_the_database() {
    let people = People::new().await;
    people.name(&people.store, "Ada").await.unwrap();
    people.name(&people.store, "Countess").await.unwrap();
    let stored = people.stored().await;
    assert!(stored.contains("sealed") && !stored.contains("Ada") && !stored.contains("Countess"), "{stored}");
    let other = people.another(fixtures::upcasters());
    assert_eq!(people.names(&other).await, some(&["Ada", "Countess"]));
    let opened = people.opened(fixtures::upcasters()).await.unwrap();
    assert_eq!(opened[1].payload["data"]["name"], "Countess");
}

#[tokio::test]
async fn two_processes_that_make_a_key_at_once_end_up_with_one() {
    let people = People::new().await;
    let other = people.another(fixtures::upcasters());
    let unborn = Loaded::<Person>::unborn(people.log.tenant, people.id);
    let first = async |store: &EventStore| {
        let mut change = people.change();
        change.record(&unborn, vec![named("Ada")]).unwrap();
        store.commit(change).await
    };
    let (one, two) = tokio::join!(first(&people.store), first(&other));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    assert!(matches!(one.and(two), Err(AppendError::Conflict)));
    for store in [&people.store, &other] {
        people.name(store, "Countess").await.unwrap();
    }
    let names = some(&["Ada", "Countess", "Countess"]);
    assert_eq!(people.names(&people.another(fixtures::upcasters())).await, names);
}

#[tokio::test]
async fn without_the_master_key_nothing_personal_is_written_or_read() {
    let people = People::new().await;
    let without = people.another(Upcasters::default());
    let refused = people.name(&without, "Ada").await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused:?}");
    people.name(&people.store, "Ada").await.unwrap();
    let failed = without.load_newest::<Person>(people.log.tenant, people.id).await.unwrap_err();
    assert!(matches!(failed, LoadError::Unavailable(_)), "{failed:?}");
    let wrong =
        Upcasters::default().with_master_keys(MasterKeys::parse(&MasterKeys::generate().unwrap()).unwrap());
    let error = people.opened(wrong).await.unwrap_err().to_string();
    assert!(error.contains("which this process was not given"), "{error}");
}

#[tokio::test]
async fn once_the_key_is_destroyed_nobody_reads_what_it_sealed_and_nothing_new_is_sealed_under_another() {
    let people = People::new().await;
    let other = people.another(fixtures::upcasters());
    people.name(&people.store, "Ada").await.unwrap();
    assert_eq!(people.names(&other).await, some(&["Ada"]));
    people.erase().await;
    assert_eq!(people.names(&people.store).await, [None]);
    assert_eq!(
        people.opened(fixtures::upcasters()).await.unwrap()[0].payload["data"]["name"],
        serde_json::Value::Null
    );
    // The other process has the key in memory still, and with it a version that is outdated.
    let stale = other.load::<Person>(people.log.tenant, people.id).await.unwrap();
    let mut change = people.change();
    change.record(&stale, vec![named("Countess")]).unwrap();
    assert!(matches!(other.commit(change).await, Err(AppendError::Conflict)));
    assert!(matches!(people.name(&other, "Countess").await, Err(AppendError::Conflict)));
    assert_eq!(people.names(&other).await, [None]);
    let kept: (bool, i64) = sqlx::query_as("select wrapped is null, erased_at from identity.person_key")
        .fetch_one(&people.log.pool)
        .await
        .unwrap();
    assert_eq!(kept, (true, 2));
}

#[tokio::test]
async fn all_keys_of_a_person_are_destroyed_and_those_of_others_are_not() {
    let people = People::new().await;
    let stranger = People { log: people.log, store: people.store, id: Uuid::now_v7() };
    let (tenant, person) = (stranger.log.tenant, Uuid::now_v7());
    let about = async |id: Uuid, name: &str| {
        let mut change = stranger.change();
        change.record_about(person, &Loaded::<Person>::unborn(tenant, id), vec![named(name)]).unwrap();
        stranger.store.commit(change).await.unwrap();
    };
    about(person, "Ada").await;
    about(Uuid::now_v7(), "Countess").await;
    stranger.name(&stranger.store, "Charles").await.unwrap();
    let people = People { id: person, ..stranger };
    people.erase().await;
    let opened = people.opened(fixtures::upcasters()).await.unwrap();
    let names: Vec<&serde_json::Value> = opened.iter().map(|event| &event.payload["data"]["name"]).collect();
    let null = &serde_json::Value::Null;
    assert_eq!(names, [null, null, &"Charles".into(), null], "the last is the event of the erasure");
}

#[tokio::test]
async fn a_key_that_was_lost_is_not_taken_for_one_that_was_erased() {
    let people = People::new().await;
    people.name(&people.store, "Ada").await.unwrap();
    people.log.database.pool().execute("delete from identity.person_key").await.unwrap();
    let other = people.another(fixtures::upcasters());
    let failed = other.load_newest::<Person>(people.log.tenant, people.id).await.unwrap_err();
    assert!(matches!(failed, LoadError::Undecodable { position: 1, .. }), "{failed:?}");
    assert!(seal::is_sealed(&people.opened(fixtures::upcasters()).await.unwrap()[0].payload));
}

/// As after a restore to before the tenant had a key: what this process remembers of it would seal for nobody.
#[tokio::test]
async fn a_key_of_the_tenant_that_the_database_does_not_have_is_used_no_more() {
    let people = People::new().await;
    people.name(&people.store, "Ada").await.unwrap();
    for table in ["identity.person_key", "identity.tenant_key", "log.event"] {
        people.log.database.pool().execute(format!("delete from {table}").as_str()).await.unwrap();
    }
    let again = People { id: Uuid::now_v7(), ..people };
    assert!(matches!(again.name(&again.store, "Ada").await, Err(AppendError::Conflict)));
    again.name(&again.store, "Ada").await.unwrap();
    assert_eq!(again.names(&again.another(fixtures::upcasters())).await, some(&["Ada"]));
}

#[tokio::test]
async fn a_new_master_key_takes_the_place_of_the_old_one() {
    let people = People::new().await;
    people.name(&people.store, "Ada").await.unwrap();
    let new = MasterKeys::generate().unwrap();
    let only_new = Upcasters::default().with_master_keys(MasterKeys::parse(&new).unwrap());
    let both = MasterKeys::parse(&format!("{},{}", *new, fixtures::MASTER_KEY)).unwrap();
    let mut owner = people.log.database.pool().acquire().await.unwrap();
    assert!(people.opened(only_new).await.is_err());
    assert_eq!(rewrap(&mut owner, &both).await.unwrap(), 1);
    assert_eq!(rewrap(&mut owner, &both).await.unwrap(), 0);
    assert_eq!(people.names(&people.another(only_new)).await, some(&["Ada"]));
    assert!(people.opened(fixtures::upcasters()).await.is_err());
}
