use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use projections::rebuild::Then;
use uuid::Uuid;

use crate::world::{VIEW, World, deals};

#[tokio::test]
async fn a_rebuild_names_the_first_row_that_is_not_what_the_log_says_and_mends_it() {
    let world = World::new().await;
    let runner = world.run(deals());
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.deal(world.tenant, 2).await);
    }
    world.settle(VIEW).await;
    let tampered = ids[3];
    sqlx::query(
        r#"update read_model.sales_opportunity_list set doc = doc || '{"name": "forged"}' where id = $1"#,
    )
    .bind(tampered)
    .execute(&world.pool)
    .await
    .unwrap();
    let found = world.rebuild(&deals(), Then::Discard).await;
    assert_eq!((found.rows, found.differing), (5, 1));
    let first = found.first.unwrap();
    assert_eq!(first.id, tampered);
    assert!(first.live.unwrap().contains("forged"));
    assert_eq!(world.rebuild(&deals(), Then::Switch).await.differing, 1);
    assert_eq!(world.rebuild(&deals(), Then::Discard).await.differing, 0);
    runner.abort();
}

#[tokio::test]
async fn reads_and_folds_go_on_while_a_read_model_is_rebuilt_again_and_again() {
    let world = World::new().await;
    let _relay = world.relay();
    let _runner = world.run(deals());
    for _ in 0..20 {
        world.deal(world.tenant, 3).await;
    }
    world.settle(VIEW).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (pool, done, tenant) = (world.pool.clone(), done.clone(), world.tenant);
        tokio::spawn(async move {
            let mut reads = 0;
            while !done.load(Ordering::Acquire) {
                let rows: i64 = sqlx::query_scalar(
                    "select count(*) from read_model.sales_opportunity_list where tenant_id = $1",
                )
                .bind(tenant)
                .fetch_one(&pool)
                .await
                .unwrap();
                assert!(rows >= 20, "a reader saw a table that was not filled");
                reads += 1;
            }
            reads
        })
    };
    for _ in 0..5 {
        world.deal(world.tenant, 3).await;
        assert_eq!(world.rebuild(&deals(), Then::Switch).await.differing, 0);
    }
    done.store(true, Ordering::Release);
    assert!(reader.await.unwrap() > 0);
    world.settle(VIEW).await;
    assert_eq!(world.rows(world.tenant).await, 25);
    world.assert_true_to_the_log().await;
}

#[tokio::test]
async fn a_rebuilt_table_keeps_walls_columns_and_indexes() {
    let world = World::new().await;
    let shape = "select (select count(*) from pg_indexes where schemaname = 'read_model' and tablename = $1),
                        (select count(*) from pg_policies where schemaname = 'read_model' and tablename = $1),
                        (select count(*) from information_schema.columns
                         where table_schema = 'read_model' and table_name = $1 and is_generated = 'ALWAYS')";
    let before: (i64, i64, i64) =
        sqlx::query_as(shape).bind(VIEW).fetch_one(&world.database.pool()).await.unwrap();
    for _ in 0..2 {
        world.rebuild(&deals(), Then::Switch).await;
    }
    let after: (i64, i64, i64) =
        sqlx::query_as(shape).bind(VIEW).fetch_one(&world.database.pool()).await.unwrap();
    assert_eq!(before, after);
    assert_eq!(world.rows(Uuid::now_v7()).await, 0);
}
