use std::time::Duration;

use async_nats::jetstream::stream;
use event_store::read;
use projections::{checkpoint, registry};
use sqlx::Connection as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::world::{VIEW, World, deals};

#[tokio::test]
async fn rows_follow_the_log() {
    let world = World::new().await;
    let _relay = world.relay();
    let _runners = world.run_all();
    let id = world.deal(world.tenant, 3).await;
    world.settle_all().await;
    let (status, amount, version): (String, Option<String>, i64) = sqlx::query_as(
        "select status, amount::text, (doc ->> 'version')::bigint from read_model.sales_opportunity_list where id = $1",
    )
    .bind(id)
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!((status.as_str(), version), ("won", 4));
    assert!(amount.is_some());
    world.assert_true_to_the_log().await;
}

#[tokio::test]
async fn without_nats_messages_the_log_is_read_itself() {
    let world = World::new().await;
    let runner = world.run(deals());
    for _ in 0..5 {
        world.deal(world.tenant, 2).await;
    }
    world.settle(VIEW).await;
    assert_eq!(world.rows(world.tenant).await, 5);
    runner.abort();
}

#[tokio::test]
async fn a_stream_that_is_deleted_while_events_come_in_costs_nothing() {
    let world = World::new().await;
    let _relay = world.relay();
    let _runners = world.run_all();
    for round in 0..3 {
        for _ in 0..10 {
            world.deal(world.tenant, 3).await;
        }
        if round < 2 {
            // Whether it is there at this moment does not matter.
            let _gone = world.jetstream.delete_stream(world.names.stream()).await;
        }
    }
    world.settle_all().await;
    world.assert_true_to_the_log().await;
}

#[tokio::test]
async fn holes_in_the_stream_are_read_from_the_log() {
    let world = World::new().await;
    let relay = world.relay();
    for _ in 0..5 {
        world.deal(world.tenant, 3).await;
    }
    let head = u64::try_from(read::head(&world.pool).await.unwrap()).unwrap();
    let stream = published(&world, head).await;
    for sequence in [1, 2, 7, 8, 9, 15] {
        stream.delete_message(sequence).await.unwrap();
    }
    let _runners = world.run_all();
    world.settle_all().await;
    world.assert_true_to_the_log().await;
    relay.abort();
}

pub async fn published(world: &World, head: u64) -> stream::Stream {
    let published = async {
        loop {
            if let Ok(stream) = world.jetstream.get_stream(world.names.stream()).await
                && stream.cached_info().state.last_sequence == head
            {
                return stream;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), published).await.unwrap()
}

/// After a restore the stream may hold events that the log never had: none of them may become a row.
#[tokio::test]
async fn events_that_are_not_in_the_log_are_not_folded() {
    let world = World::new().await;
    let relay = world.relay();
    let kept = world.deal(world.tenant, 0).await;
    world.deal(world.tenant, 0).await;
    published(&world, 2).await;
    relay.abort();
    // The log is put back to before the second deal, as a restored backup would be.
    sqlx::query("delete from log.event where position = 2").execute(&world.database.pool()).await.unwrap();
    let _runners = world.run_all();
    world.settle_all().await;
    let other = world.deal(world.tenant, 0).await;
    world.settle_all().await;
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from read_model.sales_opportunity_list order by position")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(ids, [kept, other]);
    world.assert_true_to_the_log().await;
}

/// A stream that no relay has looked at yet: the last event is that of the log, the one before it is not.
#[tokio::test]
async fn an_event_of_another_history_among_those_of_the_log_is_not_folded() {
    let world = World::new().await;
    for _ in 0..3 {
        world.deal(world.tenant, 0).await;
    }
    let config = stream::Config {
        name: world.names.stream(),
        subjects: vec![world.names.subjects()],
        ..stream::Config::default()
    };
    world.jetstream.create_stream(config).await.unwrap();
    for mut event in read::after(&world.pool, 0, 3).await.unwrap() {
        if event.position == 2 {
            (event.event_id, event.aggregate_id) = (Uuid::now_v7(), Uuid::now_v7());
        }
        let payload = serde_json::to_vec(&event).unwrap().into();
        world.jetstream.publish(world.names.subject(&event), payload).await.unwrap().await.unwrap();
    }
    let _runners = world.run_all();
    world.settle_all().await;
    world.assert_true_to_the_log().await;
}

#[tokio::test]
async fn a_runner_goes_back_with_a_database_that_is_put_back() {
    let world = World::new().await;
    let runner = world.run(deals());
    let kept = world.deal(world.tenant, 0).await;
    for _ in 0..3 {
        world.deal(world.tenant, 0).await;
    }
    world.settle(VIEW).await;
    let mut restore = world.database.pool().begin().await.unwrap();
    for put_back in [
        "delete from log.event where position > 1",
        "delete from read_model.sales_opportunity_list where position > 1",
        "update read_model.checkpoint set position = 1 where view = 'sales_opportunity_list'",
    ] {
        sqlx::query(put_back).execute(&mut *restore).await.unwrap();
    }
    restore.commit().await.unwrap();
    let other = world.deal(world.tenant, 0).await;
    let caught_up = async {
        // Not by what was announced: that knows no way back.
        while checkpoint::position(&world.pool, VIEW).await.unwrap() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), caught_up).await.unwrap();
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from read_model.sales_opportunity_list order by position")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(ids, [kept, other]);
    runner.abort();
}

#[tokio::test]
async fn two_runners_of_each_read_model_fold_every_event_once_and_one_goes_on_alone() {
    let world = World::new().await;
    let _relay = world.relay();
    let first = world.run_all();
    let _second = world.run_all();
    for _ in 0..10 {
        world.deal(world.tenant, 3).await;
    }
    world.settle_all().await;
    first.iter().for_each(JoinHandle::abort);
    world.deal(world.tenant, 3).await;
    world.settle_all().await;
    world.assert_true_to_the_log().await;
}

#[tokio::test]
async fn each_read_model_has_a_table_whose_walls_are_forced() {
    let world = World::new().await;
    for model in registry() {
        let forced: bool = sqlx::query_scalar(
            "select relrowsecurity and relforcerowsecurity from pg_class where oid = $1::regclass",
        )
        .bind(format!("read_model.{}", model.name()))
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
        assert!(forced, "{}", model.name());
    }
}

#[tokio::test]
async fn a_wait_ends_at_its_limit_and_tells_how_far_it_got() {
    let world = World::new().await;
    world.deal(world.tenant, 0).await;
    let reached = world.positions.wait(VIEW, 1, Duration::from_millis(50)).await.unwrap();
    assert_eq!(reached, 0);
}

/// A rebuild holds the checkpoint of what it builds. All others that have nothing to fold go on, and this one does as soon as it may.
#[tokio::test]
async fn a_checkpoint_that_is_held_keeps_no_other_waiting() {
    let world = World::new().await;
    let running = (world.relay(), world.run_all());
    world.deal(world.tenant, 0).await;
    world.settle_all().await;
    let mut owner = world.owner().await;
    let mut holding = owner.begin().await.unwrap();
    let held = "select position from read_model.checkpoint where view = 'identity_team_list' for update";
    let before: i64 = sqlx::query_scalar(held).fetch_one(&mut *holding).await.unwrap();
    world.deal(world.tenant, 2).await;
    for view in ["identity_custom_role_list", "billing_series_list", "billing_ledger", VIEW] {
        world.settle(view).await;
    }
    let now: i64 = sqlx::query_scalar(held).fetch_one(&mut *holding).await.unwrap();
    assert_eq!(now, before);
    holding.rollback().await.unwrap();
    world.settle("identity_team_list").await;
    drop(running);
}

/// Whatever has nothing to fold is moved by the others' statement, or by its own; without what moves them together, by its own alone.
#[tokio::test]
async fn read_models_move_by_themselves_if_nobody_moves_them_together() {
    let mut world = World::new().await;
    let (together, moving) = projections::runner::together(&world.pool);
    drop(moving);
    world.together = together;
    let running = (world.relay(), world.run_all());
    world.deal(world.tenant, 2).await;
    world.settle_all().await;
    drop(running);
}
