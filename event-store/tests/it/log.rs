//! A log with its appender, for one test.

use chrono::Utc;
use embedded::testing::{self, TestDatabase};
use event_store::{Change, Duty, EventStore, Metadata, Upcasters, connect};
use sqlx::PgPool;
use uuid::Uuid;

use crate::counter::{Counter, CounterEvent};

pub struct Log {
    pub database: TestDatabase,
    pub pool: PgPool,
    pub store: EventStore,
    pub tenant: Uuid,
}

impl Log {
    pub async fn new() -> Self {
        let database = testing::database().await;
        let pool = connect(database.url(), Duty::Appender, 8).unwrap();
        let store = EventStore::start(pool.clone(), Upcasters::default());
        Self { database, pool, store, tenant: Uuid::now_v7() }
    }

    pub fn change(&self) -> Change {
        Change::new(self.tenant, &metadata()).unwrap()
    }

    /// A second process on the same log, with a memory of its own.
    pub fn another_process(&self) -> EventStore {
        EventStore::start(self.pool.clone(), Upcasters::default())
    }

    /// Counts once, whatever others do: loads, decides, appends, and starts over on a conflict.
    pub async fn count(&self, id: Uuid) -> i64 {
        self.count_with(&self.store, id).await
    }

    /// The same by another process.
    pub async fn count_with(&self, store: &EventStore, id: Uuid) -> i64 {
        loop {
            let counter = store.load::<Counter>(self.tenant, id).await.unwrap();
            let mut change = self.change();
            change.record(&counter, vec![CounterEvent::Counted { by: 1 }]).unwrap();
            match store.commit(change).await {
                Ok(appended) => return appended.position,
                Err(event_store::AppendError::Conflict) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

pub fn metadata() -> Metadata {
    Metadata {
        actor: "test".into(),
        occurred_at: Utc::now(),
        correlation_id: "test".into(),
        import: None,
        traceparent: None,
    }
}
