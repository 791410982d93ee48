//! Sessions that requests borrow: bounded, and clean whatever became of the request before.

use std::time::Duration;

use embedded::testing::{self, TestDatabase};
use event_store::{Duty, SessionPool};
use sqlx::{Executor, PgConnection};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

fn pool(database: &TestDatabase, most: u32) -> SessionPool {
    SessionPool::new(database.url(), Duty::Reader, most).unwrap()
}

async fn process(session: &mut PgConnection) -> i32 {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(session).await.unwrap()
}

#[tokio::test]
async fn a_session_is_used_again_without_what_was_begun_on_it() {
    let database = testing::database().await;
    let pool = pool(&database, 1);
    let mut first = pool.acquire().await.unwrap();
    let served_by = process(&mut first).await;
    first.execute("begin; set local statement_timeout = '7s'").await.unwrap();
    drop(first);
    let mut second = pool.acquire().await.unwrap();
    assert_eq!(process(&mut second).await, served_by);
    let setting: String = sqlx::query_scalar("show statement_timeout").fetch_one(&mut *second).await.unwrap();
    assert_eq!(setting, "0");
}

#[tokio::test]
async fn who_goes_away_in_the_middle_of_a_statement_leaves_a_place() {
    let database = testing::database().await;
    let pool = pool(&database, 1);
    let mut first = pool.acquire().await.unwrap();
    let endless = async {
        first.execute("begin").await.unwrap();
        first.execute("select pg_sleep(600)").await.unwrap();
    };
    let asleep = async {
        let sleeps = "select exists (select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep')";
        let owner = database.pool();
        while !sqlx::query_scalar::<_, bool>(sleeps).fetch_one(&owner).await.unwrap() {}
    };
    tokio::select! {
        () = endless => panic!("it slept for ten minutes"),
        () = asleep => {}
    }
    drop(first);
    let mut second = timeout(LONG, pool.acquire()).await.expect("a place").unwrap();
    process(&mut second).await;
}

#[tokio::test]
async fn who_finds_all_in_use_waits_and_is_told_if_that_takes_long() {
    let database = testing::database().await;
    let pool = pool(&database, 2);
    let held = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    let usage = pool.usage();
    assert_eq!((usage.idle, usage.in_use, usage.most), (0, 2, 2));
    let impatient = pool.clone().with_patience(Duration::from_millis(50));
    assert!(matches!(impatient.acquire().await, Err(sqlx::Error::PoolTimedOut)));
    let (third, ()) = tokio::join!(pool.acquire(), async { drop(held) });
    third.unwrap();
}

#[tokio::test]
async fn a_session_that_failed_is_clean_again() {
    let database = testing::database().await;
    let pool = pool(&database, 1);
    for _ in 0..3 {
        let mut session = pool.acquire().await.unwrap();
        session.execute("begin").await.unwrap();
        assert!(session.execute("select 1 / 0").await.is_err());
    }
    process(&mut pool.acquire().await.unwrap()).await;
}
