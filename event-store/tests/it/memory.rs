//! What a process keeps of aggregates in memory, and when it does not rely on that.

use uuid::Uuid;

use crate::counter::Counter;
use crate::log::Log;

/// Takes from the log all that the process in question should have no need to read again.
async fn lose_up_to(log: &Log, position: i64) {
    let sql = "delete from log.event where position <= $1";
    sqlx::query(sql).bind(position).execute(&log.database.pool()).await.unwrap();
}

#[tokio::test]
async fn after_a_conflict_only_what_is_new_is_read() {
    let log = Log::new().await;
    let (other, id) = (log.another_process(), Uuid::now_v7());
    for _ in 0..3 {
        log.count(id).await;
    }
    log.count_with(&other, id).await;
    lose_up_to(&log, 2).await;
    assert_eq!(log.count(id).await, 5, "the first attempt was too late, the second was not");
    let counter = log.store.load::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((counter.state.count, counter.sequence), (5, 5));
}

#[tokio::test]
async fn a_history_that_the_log_was_restored_to_takes_the_place_of_the_one_in_memory() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    for _ in 0..3 {
        log.count(id).await;
    }
    // The same sequence, another event: what some other process wrote after the restore.
    let sql = r#"update log.event set event_id = gen_random_uuid(),
        payload = jsonb_set(payload, '{data,by}', '40') where position = 3"#;
    sqlx::query(sql).execute(&log.database.pool()).await.unwrap();
    let counter = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
    assert_eq!((counter.state.count, counter.sequence), (42, 3));
}

#[tokio::test]
async fn an_aggregate_that_the_log_has_lost_altogether_is_none() {
    let log = Log::new().await;
    let id = Uuid::now_v7();
    log.count(id).await;
    lose_up_to(&log, 1).await;
    for _ in 0..2 {
        let counter = log.store.load_newest::<Counter>(log.tenant, id).await.unwrap();
        assert_eq!((counter.state.count, counter.sequence, counter.last_event), (0, 0, None));
    }
    assert_eq!(log.store.load::<Counter>(log.tenant, id).await.unwrap().sequence, 0);
}

#[tokio::test]
async fn a_process_that_is_to_keep_nothing_reads_the_log_each_time() {
    let log = Log::new().await;
    let (other, id) = (log.another_process().with_cache(0), Uuid::now_v7());
    log.count_with(&other, id).await;
    log.count_with(&other, id).await;
    lose_up_to(&log, 2).await;
    assert_eq!(other.load::<Counter>(log.tenant, id).await.unwrap().sequence, 0);
}
