use chrono::{DateTime, Utc};
use embedded::testing;
use event_store::{
    AppendError, Change, Duty, EventStore, Guard, Idempotency, Loaded, Upcasters, connect, read,
};
use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::counter::{Counter, CounterEvent};
use crate::log::{Log, metadata};

fn counted() -> Vec<CounterEvent> {
    vec![CounterEvent::Counted { by: 1 }]
}

fn keyed(log: &Log, id: Uuid, key: &str) -> Change {
    let counter = Loaded::<Counter>::unborn(log.tenant, id);
    let mut change = log.change();
    change.record(&counter, counted()).unwrap();
    change.answer_again_with(Idempotency {
        key: key.into(),
        request_hash: vec![1],
        answer: json!({"id": id}),
    });
    change
}

#[tokio::test]
async fn a_history_is_loaded_whole_however_many_pages_it_has() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for (more, all) in [(499, 499), (1, 500), (1, 501), (1_000, 1_501)] {
        let counter = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
        let mut change = log.change();
        change.record(&counter, vec![CounterEvent::Counted { by: 1 }; more]).unwrap();
        log.store.commit(change).await.unwrap();
        let other = EventStore::start(log.pool.clone(), Upcasters::default());
        let cold = other.load_newest::<Counter>(log.tenant, id).await.unwrap();
        assert_eq!((cold.state.count, cold.sequence), (all, all));
    }
}

#[tokio::test]
async fn what_was_appended_is_loaded_again_by_a_store_that_never_saw_it() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        log.count(id).await;
    }
    let other = event_store::EventStore::start(log.pool.clone(), event_store::Upcasters::default());
    let counter = other.load::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((counter.state.count, counter.sequence, counter.position), (3, 3, 3));
}

#[tokio::test]
async fn that_there_is_none_is_kept_in_memory_and_harms_nobody() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    let other = EventStore::start(log.pool.clone(), Upcasters::default());
    assert_eq!(other.load_if_any::<Counter>(log.tenant, id).await.unwrap().sequence, 0);
    log.count(id).await;
    let stale = other.load_if_any::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!(stale.sequence, 0, "nothing was asked for a second time");
    let mut change = log.change();
    change.record(&stale, counted()).unwrap();
    assert!(matches!(other.commit(change).await, Err(AppendError::Conflict)));
    let mut change = log.change();
    change.rely_on(&stale);
    change.record(&Loaded::<Counter>::unborn(log.tenant, Uuid::now_v7()), counted()).unwrap();
    assert!(matches!(other.commit(change).await, Err(AppendError::GuardFailed(Guard::Unmoved { .. }))));
    assert_eq!(other.load_newest::<Counter>(log.tenant, id).await.unwrap().sequence, 1);
    assert_eq!(other.load_if_any::<Counter>(log.tenant, id).await.unwrap().sequence, 1);
}

#[tokio::test]
async fn a_stream_belongs_to_its_tenant() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    log.count(id).await;
    let foreign = log.store.load_newest::<Counter>(Uuid::now_v7(), id).await.unwrap();
    assert_eq!(foreign.sequence, 0);
}

#[tokio::test]
async fn an_append_on_a_stale_sequence_is_a_conflict_and_appends_nothing() {
    let log = Log::new().await;
    let (taken, fresh) = (Uuid::now_v7(), Uuid::now_v7());
    let stale = log.store.load::<Counter>(log.tenant, taken).await.unwrap();
    let other = log.store.load::<Counter>(log.tenant, fresh).await.unwrap();
    log.count(taken).await;
    let mut change = log.change();
    change.record(&other, counted()).unwrap();
    change.record(&stale, counted()).unwrap();
    assert!(matches!(log.store.commit(change).await, Err(AppendError::Conflict)));
    assert_eq!(log.store.load_newest::<Counter>(log.tenant, fresh).await.unwrap().sequence, 0);
    assert_eq!(read::head(&log.pool).await.unwrap(), 1);
}

/// After a restore a process may still hold what the log has lost: it must not write a gap.
#[tokio::test]
async fn an_append_after_an_event_that_the_log_has_lost_is_a_conflict_and_starts_over_from_the_log() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        log.count(id).await;
    }
    sqlx::query("delete from log.event where position > 1").execute(&log.database.pool()).await.unwrap();
    let remembered = log.store.load::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!(remembered.sequence, 3);
    let mut change = log.change();
    change.record(&remembered, counted()).unwrap();
    assert!(matches!(log.store.commit(change).await, Err(AppendError::Conflict)));
    assert_eq!(log.count(id).await, 2);
    let counter = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((counter.state.count, counter.sequence), (2, 2));
}

#[tokio::test]
async fn several_aggregates_are_appended_together() {
    let log = Log::new().await;
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    let mut change = log.change();
    for id in [one, two] {
        let counter = log.store.load::<Counter>(log.tenant, id).await.unwrap();
        change.record(&counter, counted()).unwrap();
    }
    assert_eq!(log.store.commit(change).await.unwrap().position, 2);
    for id in [one, two] {
        assert_eq!(log.store.load::<Counter>(log.tenant, id).await.unwrap().state.count, 1);
    }
}

#[tokio::test]
async fn losers_do_not_fail_their_neighbours() {
    let log = Log::new().await;
    let hot = Uuid::now_v7();
    let stale = log.store.load::<Counter>(log.tenant, hot).await.unwrap();
    log.count(hot).await;
    let commits = (0..200).map(|n| {
        let mut change = log.change();
        if n % 10 == 0 {
            change.record(&stale, counted()).unwrap();
        } else {
            let fresh = event_store::Loaded { id: Uuid::now_v7(), ..stale.clone() };
            change.record(&fresh, counted()).unwrap();
        }
        log.store.commit(change)
    });
    let results = join_all(commits).await;
    let conflicts = results.iter().filter(|result| matches!(result, Err(AppendError::Conflict))).count();
    let appended = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!((conflicts, appended), (20, 180));
    assert_eq!(read::head(&log.pool).await.unwrap(), 181);
}

#[tokio::test]
async fn content_that_the_database_refuses_fails_alone() {
    let log = Log::new().await;
    let blank = log.store.load::<Counter>(log.tenant, Uuid::now_v7()).await.unwrap();
    let commits = (0..20).map(|n| {
        let mut metadata = metadata();
        if n == 7 {
            metadata.actor = "\0".into();
        }
        let mut change = Change::new(log.tenant, &metadata).unwrap();
        let fresh = event_store::Loaded { id: Uuid::now_v7(), ..blank.clone() };
        change.record(&fresh, counted()).unwrap();
        log.store.commit(change)
    });
    let results = join_all(commits).await;
    assert!(matches!(results[7], Err(AppendError::Rejected(_))));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 19);
}

#[tokio::test]
async fn a_used_key_gives_the_stored_answer_and_no_event() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    let first = log.store.commit(keyed(&log, id, "k")).await.unwrap();
    let Err(AppendError::Replayed(stored)) = log.store.commit(keyed(&log, Uuid::now_v7(), "k")).await else {
        panic!("the second use of a key must be replayed");
    };
    assert_eq!(stored.answer, json!({"id": id}));
    assert_eq!(stored.position, first.position);
    assert_eq!(read::head(&log.pool).await.unwrap(), 1);
}

#[tokio::test]
async fn three_hundred_keys_from_eight_clients_at_once_have_three_hundred_effects() {
    let log = Log::new().await;
    let commits =
        (0..300 * 8).map(|n| log.store.commit(keyed(&log, Uuid::now_v7(), &format!("key-{}", n % 300))));
    let results = join_all(commits).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 300);
    assert_eq!(
        results.iter().filter(|result| matches!(result, Err(AppendError::Replayed(_)))).count(),
        300 * 7
    );
    assert_eq!(read::head(&log.pool).await.unwrap(), 300);
}

#[tokio::test]
async fn a_key_is_kept_even_if_nothing_changed() {
    let log = Log::new().await;
    log.count(Uuid::now_v7()).await;
    let quiet = || {
        let mut change = log.change();
        change.answer_again_with(Idempotency { key: "q".into(), request_hash: vec![2], answer: json!(1) });
        change
    };
    assert_eq!(log.store.commit(quiet()).await.unwrap().position, 1);
    assert!(matches!(log.store.commit(quiet()).await, Err(AppendError::Replayed(_))));
}

#[tokio::test]
async fn eight_writers_of_one_aggregate_all_get_through() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    join_all((0..8).map(|_| async {
        for _ in 0..10 {
            log.count(id).await;
        }
    }))
    .await;
    assert_eq!(log.store.load_newest::<Counter>(log.tenant, id).await.unwrap().state.count, 80);
}

#[tokio::test]
async fn the_role_of_the_services_can_neither_change_nor_delete_an_event() {
    let log = Log::new().await;
    log.count(Uuid::now_v7()).await;
    for forbidden in [
        "update log.event set payload = '{}'",
        "delete from log.event",
        "truncate log.event",
        "update log.idempotency set answer = '{}'",
        "truncate log.gate",
    ] {
        let error = sqlx::query(forbidden).execute(&log.pool).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{forbidden}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_not_a_conflict() {
    let mut postgres = testing::own_postgres();
    let owner = PgPool::connect(&postgres.url()).await.unwrap();
    migrations::MIGRATOR.run(&owner).await.unwrap();
    owner.close().await;
    let pool = connect(&postgres.url(), Duty::Appender, 2).unwrap();
    let store = EventStore::start(pool, Upcasters::default());
    let tenant = Uuid::now_v7();
    let count = || {
        let counter = Loaded::<Counter>::unborn(tenant, Uuid::now_v7());
        let mut change = Change::new(tenant, &metadata()).unwrap();
        change.record(&counter, counted()).unwrap();
        store.commit(change)
    };
    assert_eq!(count().await.unwrap().position, 1);
    postgres.kill().unwrap();
    assert!(matches!(count().await, Err(AppendError::Unavailable(_))));
    postgres.restart().unwrap();
    // On another connection than the one that was cut.
    assert_eq!(count().await.unwrap().position, 2);
}

#[tokio::test]
async fn what_follows_an_event_of_tomorrow_is_not_recorded_before_it() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    log.count(id).await;
    let owner = sqlx::PgPool::connect(log.database.url()).await.unwrap();
    // As it is after the clock of PostgreSQL was a day ahead and was put back.
    let tomorrow: DateTime<Utc> = sqlx::query_scalar(
        "update log.event set recorded_at = recorded_at + interval '1 day' returning recorded_at",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    log.count(id).await;
    let recorded: Vec<DateTime<Utc>> =
        sqlx::query_scalar("select recorded_at from log.event order by position")
            .fetch_all(&owner)
            .await
            .unwrap();
    assert_eq!(recorded, [tomorrow, tomorrow]);
}
