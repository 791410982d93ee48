//! Positions are dense and in commit order, and a reader that follows them misses nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_store::{EventStore, Upcasters, read};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::counter::{Counter, CounterEvent};
use crate::log::Log;

const WRITERS: usize = 16;
const EVENTS: usize = 20_000;

/// Reads `position > last` all the time while `done` is not set, and then to the end.
async fn tail(pool: PgPool, table: &'static str, done: Arc<AtomicBool>) -> Vec<i64> {
    let sql = format!("select position from {table} where position > $1 order by position limit 500");
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let finished = done.load(Ordering::Acquire);
        let last = seen.last().copied().unwrap_or(0);
        let new: Vec<i64> = sqlx::query_scalar(&sql).bind(last).fetch_all(&pool).await.unwrap();
        if new.is_empty() {
            if finished {
                return seen;
            }
            tokio::task::yield_now().await;
        }
        seen.extend(new);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_writers_leave_no_hole_and_a_reader_that_tails_sees_each_event_once_in_order() {
    let log = Log::new().await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(tail(log.pool.clone(), "log.event", done.clone()));
    // Four stores stand for four processes: each has an appender of its own.
    let stores: Vec<EventStore> =
        (0..4).map(|_| EventStore::start(log.pool.clone(), Upcasters::default())).collect();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, tenant, mut change) = (stores[writer % 4].clone(), log.tenant, log.change());
        writers.spawn(async move {
            for _ in 0..EVENTS / WRITERS {
                let counter = store.load::<Counter>(tenant, Uuid::now_v7()).await.unwrap();
                change.record(&counter, vec![CounterEvent::Counted { by: 1 }]).unwrap();
                let next = event_store::Change::new(tenant, &crate::log::metadata()).unwrap();
                store.commit(std::mem::replace(&mut change, next)).await.unwrap();
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    done.store(true, Ordering::Release);
    let seen = reader.await.unwrap();
    let expected: Vec<i64> = (1..=i64::try_from(EVENTS).unwrap()).collect();
    assert_eq!(seen, expected);
    assert_eq!(read::head(&log.pool).await.unwrap(), *expected.last().unwrap());
}

/// The proof that the test above can fail: the same load on a plain sequence loses events for its reader.
///
/// One transaction draws its number and stays open, another draws the next one and commits: the reader takes the
/// second for the end of the log and never sees the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_a_plain_sequence_the_same_reader_misses_events() {
    let log = Log::new().await;
    let pool = PgPoolOptions::new().max_connections(20).connect(log.database.url()).await.unwrap();
    sqlx::query("create table public.plain (position bigserial primary key, payload text)")
        .execute(&pool)
        .await
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(tail(pool.clone(), "public.plain", done.clone()));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let pool = pool.clone();
        writers.spawn(async move {
            for _ in 0..EVENTS / WRITERS / 10 {
                let mut transaction = pool.begin().await.unwrap();
                for _ in 0..10 {
                    sqlx::query("insert into public.plain (payload) values ('x')")
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                }
                transaction.commit().await.unwrap();
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    done.store(true, Ordering::Release);
    let seen: HashSet<i64> = reader.await.unwrap().into_iter().collect();
    let stored: i64 = sqlx::query_scalar("select count(*) from public.plain").fetch_one(&pool).await.unwrap();
    assert!(seen.len() < usize::try_from(stored).unwrap(), "a plain sequence lost nothing in this run");
}
