use cqrs_es::EventStore as _;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use postgres_es::PostgresEventRepository;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::counter::Counter;
use crate::log::Log;

/// The stock repository, on the view that has its layout.
async fn stock(log: &Log) -> PostgresEventRepository {
    let pool = PgPoolOptions::new().connect(log.database.url()).await.unwrap();
    PostgresEventRepository::new(pool).with_tables("log.cqrs_event", "unused")
}

#[tokio::test]
async fn the_stock_repository_of_postgres_es_reads_our_streams() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        log.count(id).await;
    }
    log.count(Uuid::now_v7()).await;
    let events = stock(&log).await.get_events::<Counter>(&id.to_string()).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(events.iter().all(|event| event.event_type == "counter.counted"));
}

/// cqrs-es 0.5.0 applies new events twice when it commits over a snapshot or aggregate store, so the plain
/// event store is the only one that may load our streams. This holds what it loads against what we load.
#[tokio::test]
async fn the_stock_event_store_loads_the_state_that_we_load() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        log.count(id).await;
    }
    let stock = PersistedEventStore::<_, Counter>::new_event_store(stock(&log).await);
    let mut context = stock.load_aggregate(&id.to_string()).await.unwrap();
    let ours = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!(*cqrs_es::AggregateContext::aggregate(&mut context), ours.state);
}
