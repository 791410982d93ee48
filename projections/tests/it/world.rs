//! A log with deals in it, a relay, and runners, for one test.

use std::time::Duration;

use async_nats::jetstream;
use chrono::Utc;
use domain::sales::opportunity::{Opportunity, OpportunityEvent, fixtures};
use embedded::testing::{self, TestDatabase};
use event_store::relay::Relay;
use event_store::{Change, Duty, EventStore, Loaded, Metadata, StreamNames, connect, nats, read};
use projections::rebuild::{Comparison, Then, rebuild};
use projections::runner::{self, JetStream, Runner, SharedFeed, Together};
use projections::sales::opportunity_list::OpportunityList;
use projections::{Positions, ReadModel, registry};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub struct World {
    pub database: TestDatabase,
    pub store: EventStore,
    pub pool: PgPool,
    pub jetstream: jetstream::Context,
    pub names: StreamNames,
    pub feed: SharedFeed<JetStream>,
    pub together: Together,
    pub positions: Positions,
    pub tenant: Uuid,
}

pub const VIEW: &str = "sales_opportunity_list";

impl World {
    pub async fn new() -> Self {
        let database = testing::database().await;
        let server = testing::nats();
        let client = nats::connect(&server.url).await.unwrap();
        let names = StreamNames::rooted(server.stream);
        let pool = connect(database.url(), Duty::Projector, 10).unwrap();
        let appender = connect(database.url(), Duty::Appender, 8).unwrap();
        let (feed, passing_on) = runner::feed(client.clone(), names.clone());
        tokio::spawn(passing_on);
        let (together, moving) = runner::together(&pool);
        tokio::spawn(moving);
        Self {
            store: EventStore::start(appender, event_store::fixtures::upcasters()),
            positions: Positions::start(client.clone(), &names, pool.clone()),
            jetstream: jetstream::new(client),
            names,
            feed,
            together,
            pool,
            database,
            tenant: Uuid::now_v7(),
        }
    }

    pub fn relay(&self) -> JoinHandle<()> {
        let relay = Relay {
            database_url: self.database.url().into(),
            jetstream: self.jetstream.clone(),
            names: self.names.clone(),
            replicas: 1,
            appended: self.store.appended(),
        };
        tokio::spawn(relay.run())
    }

    pub fn run(&self, model: ReadModel) -> JoinHandle<()> {
        let runner = Runner {
            model,
            pool: self.pool.clone(),
            feed: self.feed.clone(),
            together: self.together.clone(),
            upcasters: event_store::fixtures::upcasters(),
        };
        tokio::spawn(runner.run())
    }

    pub fn run_all(&self) -> Vec<JoinHandle<()>> {
        registry().into_iter().map(|model| self.run(model)).collect()
    }

    /// Opens a deal and takes it through `steps` further events of the fixtures' life of a deal.
    pub async fn deal(&self, tenant: Uuid, steps: usize) -> Uuid {
        let id = Uuid::now_v7();
        let life = [fixtures::opened(), fixtures::moved(), fixtures::revised(), fixtures::won()];
        let mut deal = Loaded::<Opportunity>::unborn(tenant, id);
        for event in life.into_iter().take(steps + 1) {
            self.append(&deal, event).await;
            deal = self.store.load_newest(tenant, id).await.unwrap();
        }
        id
    }

    async fn append(&self, deal: &Loaded<Opportunity>, event: OpportunityEvent) {
        let metadata = Metadata {
            actor: "test".into(),
            occurred_at: Utc::now(),
            correlation_id: "test".into(),
            import: None,
            traceparent: None,
        };
        let mut change = Change::new(deal.tenant, &metadata).unwrap();
        change.record(deal, vec![event]).unwrap();
        self.store.commit(change).await.unwrap();
    }

    /// Waits until the read model has folded the whole log.
    pub async fn settle(&self, view: &str) {
        let head = read::head(&self.pool).await.unwrap();
        let reached = self.positions.wait(view, head, Duration::from_secs(30)).await.unwrap();
        assert_eq!(reached, head, "{view} did not catch up");
    }

    pub async fn settle_all(&self) {
        for model in registry() {
            self.settle(model.name()).await;
        }
    }

    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect(self.database.url()).await.unwrap()
    }

    pub async fn rebuild(&self, model: &ReadModel, then: Then) -> Comparison {
        rebuild(&mut self.owner().await, model, event_store::fixtures::upcasters(), then, |_| {})
            .await
            .unwrap()
    }

    /// Every read model equals a rebuild from zero.
    pub async fn assert_true_to_the_log(&self) {
        for model in registry() {
            let comparison = self.rebuild(&model, Then::Discard).await;
            assert_eq!((comparison.differing, comparison.parked), (0, 0), "{}: {comparison:?}", model.name());
        }
    }

    pub async fn rows(&self, tenant: Uuid) -> i64 {
        sqlx::query_scalar("select count(*) from read_model.sales_opportunity_list where tenant_id = $1")
            .bind(tenant)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

pub fn deals() -> ReadModel {
    ReadModel::of::<OpportunityList>()
}
