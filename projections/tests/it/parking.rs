use projections::checkpoint;
use projections::rebuild::Then;
use projections::resume::{Resumed, resume};
use serde_json::Value;
use uuid::Uuid;

use crate::running::published;
use crate::world::{VIEW, World, deals};

const UNREADABLE: &str = r#"{"type": "vanished", "data": {}}"#;

/// Changes an event behind the back of the log, and returns what it was.
async fn poison(world: &World, position: i64, column: &str, with: &str) -> Value {
    let owner = world.database.pool();
    let before = sqlx::query_scalar(&format!("select {column} from log.event where position = $1"))
        .bind(position)
        .fetch_one(&owner)
        .await
        .unwrap();
    mend(world, position, column, &serde_json::from_str(with).unwrap()).await;
    before
}

async fn mend(world: &World, position: i64, column: &str, with: &Value) {
    sqlx::query(&format!("update log.event set {column} = $2 where position = $1"))
        .bind(position)
        .bind(with)
        .execute(&world.database.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_stops_its_tenant_and_nobody_else_until_it_is_mended() {
    one_tenant_stops_and_goes_on("payload", UNREADABLE, "vanished").await;
}

#[tokio::test]
async fn an_event_whose_metadata_cannot_be_read_stops_its_tenant_and_nobody_else() {
    one_tenant_stops_and_goes_on("metadata", r#"{"actor": 7}"#, "metadata").await;
}

async fn one_tenant_stops_and_goes_on(column: &str, unreadable: &str, reason: &str) {
    let world = World::new().await;
    let neighbour = Uuid::now_v7();
    world.deal(world.tenant, 0).await;
    world.deal(world.tenant, 0).await;
    world.deal(world.tenant, 2).await;
    let readable = poison(&world, 2, column, unreadable).await;
    let _relay = world.relay();
    let runner = world.run(deals());
    world.deal(neighbour, 3).await;
    world.settle(VIEW).await;
    let head = event_store::read::head(&world.pool).await.unwrap();
    published(&world, head.try_into().unwrap()).await;
    assert_eq!((world.rows(world.tenant).await, world.rows(neighbour).await), (1, 1));
    let parked = checkpoint::parked(&world.pool).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].tenant_id, parked[0].position), (world.tenant, 2));
    assert!(parked[0].error.contains(reason), "{}", parked[0].error);

    let stopped =
        resume(&mut world.owner().await, &deals(), world.tenant, event_store::fixtures::upcasters())
            .await
            .unwrap();
    assert!(matches!(stopped, Resumed::Stopped(parked) if parked.position == 2));

    mend(&world, 2, column, &readable).await;
    let resumed =
        resume(&mut world.owner().await, &deals(), world.tenant, event_store::fixtures::upcasters())
            .await
            .unwrap();
    assert!(matches!(resumed, Resumed::CaughtUp { from: 2, .. }), "{resumed:?}");
    world.deal(world.tenant, 1).await;
    world.settle(VIEW).await;
    assert_eq!(world.rows(world.tenant).await, 4);
    let comparison = world.rebuild(&deals(), Then::Discard).await;
    assert_eq!((comparison.differing, comparison.parked), (0, 0));
    runner.abort();
}

#[tokio::test]
async fn a_rebuild_lets_a_mended_tenant_go_on_too() {
    let world = World::new().await;
    world.deal(world.tenant, 0).await;
    world.deal(world.tenant, 0).await;
    let payload = poison(&world, 1, "payload", UNREADABLE).await;
    let runner = world.run(deals());
    world.settle(VIEW).await;
    assert_eq!(world.rows(world.tenant).await, 0);
    assert_eq!(world.rebuild(&deals(), Then::Switch).await.parked, 1);
    mend(&world, 1, "payload", &payload).await;
    assert_eq!(world.rebuild(&deals(), Then::Switch).await.parked, 0);
    assert_eq!(world.rows(world.tenant).await, 2);
    world.deal(world.tenant, 0).await;
    world.settle(VIEW).await;
    assert_eq!(world.rows(world.tenant).await, 3);
    runner.abort();
}

#[tokio::test]
async fn a_tenant_that_does_not_stand_still_needs_no_resuming() {
    let world = World::new().await;
    let resumed =
        resume(&mut world.owner().await, &deals(), world.tenant, event_store::fixtures::upcasters())
            .await
            .unwrap();
    assert_eq!(resumed, Resumed::WasNotParked);
}

/// The shape of the event is fine, but no date column takes the year.
#[tokio::test]
async fn a_row_that_the_table_refuses_stops_its_tenant_and_nobody_else() {
    let world = World::new().await;
    let neighbour = Uuid::now_v7();
    world.deal(world.tenant, 0).await;
    world.deal(neighbour, 3).await;
    let mut opened = poison(&world, 1, "payload", UNREADABLE).await;
    opened["data"]["expected_close"] = "+12026-01-01".into();
    mend(&world, 1, "payload", &opened).await;
    let runner = world.run(deals());
    world.deal(neighbour, 3).await;
    world.settle(VIEW).await;
    assert_eq!((world.rows(world.tenant).await, world.rows(neighbour).await), (0, 2));
    let parked = checkpoint::parked(&world.pool).await.unwrap();
    assert_eq!((parked[0].tenant_id, parked[0].position), (world.tenant, 1));
    opened["data"]["expected_close"] = "2026-01-01".into();
    mend(&world, 1, "payload", &opened).await;
    let resumed =
        resume(&mut world.owner().await, &deals(), world.tenant, event_store::fixtures::upcasters())
            .await
            .unwrap();
    assert!(matches!(resumed, Resumed::CaughtUp { .. }));
    assert_eq!(world.rows(world.tenant).await, 1);
    runner.abort();
}

/// While a tenant is let go on, the runner waits with the next batch: it must not take the tenant for parked then.
#[tokio::test]
async fn what_comes_in_while_a_tenant_is_let_go_on_is_folded() {
    let world = World::new().await;
    world.deal(world.tenant, 0).await;
    let payload = poison(&world, 1, "payload", UNREADABLE).await;
    let runner = world.run(deals());
    world.settle(VIEW).await;
    mend(&world, 1, "payload", &payload).await;
    // Holds the checkpoint as a long `resume` would, until the runner waits for it with a batch.
    let mut owner = world.owner().await;
    let mut held = sqlx::Connection::begin(&mut owner).await.unwrap();
    sqlx::query("select from read_model.checkpoint where view = $1 for update")
        .bind(VIEW)
        .execute(&mut *held)
        .await
        .unwrap();
    world.deal(world.tenant, 3).await;
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock' and query like 'select read_model.advance%'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&world.database.pool()).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    sqlx::query("delete from read_model.parked").execute(&mut *held).await.unwrap();
    held.commit().await.unwrap();
    world.settle(VIEW).await;
    // The first deal was left out on purpose, as nobody folded it; the second must be there.
    assert_eq!(world.rows(world.tenant).await, 1);
    runner.abort();
}

/// Comparing must not fold anything into the live rows, least of all of a tenant that stands still.
#[tokio::test]
async fn a_comparison_leaves_live_rows_checkpoint_and_parked_tenants_as_they_are() {
    let world = World::new().await;
    world.deal(world.tenant, 1).await;
    let payload = poison(&world, 1, "payload", UNREADABLE).await;
    let runner = world.run(deals());
    world.settle(VIEW).await;
    runner.abort();
    let _aborted = runner.await;
    let neighbour = Uuid::now_v7();
    world.deal(world.tenant, 3).await;
    world.deal(neighbour, 3).await;
    let before = checkpoint::parked(&world.pool).await.unwrap();
    let comparison = world.rebuild(&deals(), Then::Discard).await;
    assert_eq!(comparison.position, 2);
    assert_eq!(checkpoint::position(&world.pool, VIEW).await.unwrap(), 2);
    assert_eq!((world.rows(world.tenant).await, world.rows(neighbour).await), (0, 0));
    assert_eq!(checkpoint::parked(&world.pool).await.unwrap(), before);
    mend(&world, 1, "payload", &payload).await;
    resume(&mut world.owner().await, &deals(), world.tenant, event_store::fixtures::upcasters())
        .await
        .unwrap();
    let runner = world.run(deals());
    world.settle(VIEW).await;
    world.assert_true_to_the_log().await;
    runner.abort();
}
