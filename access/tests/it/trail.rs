//! The table of the trail: added to by those who may do nothing else, read by one tenant, deleted when it is old.

use access::trail::{LEAST_DAYS, sweep};
use access::{TrailTable, Vault};
use domain::{TenantId, UserId};
use edge::trail::{Entry, Kind, TrailSink};
use embedded::testing::{self, TestDatabase};
use event_store::{Duty, connect};
use serde_json::json;
use sqlx::{Executor as _, PgPool};
use uuid::Uuid;

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn pool(database: &TestDatabase, duty: Duty) -> PgPool {
    connect(database.url(), duty, 2).unwrap()
}

fn entry(of_tenant: u128) -> Entry {
    Entry {
        address: Some([192, 0, 2, 1].into()),
        agent: Some("curl".to_owned()),
        key: Some(Uuid::now_v7()),
        record: Some(Uuid::now_v7()),
        ..Entry::new(Kind::Denied, tenant(of_tenant), "sam").with_code("a").with_detail(json!({"rows": 3}))
    }
}

async fn rows(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("select count(*) from trail.entry").fetch_one(&database.pool()).await.unwrap()
}

#[tokio::test]
async fn entries_of_all_tenants_are_added_at_once_and_what_comes_again_is_kept_once() {
    let database = testing::database().await;
    let table = TrailTable::new(pool(&database, Duty::Trail));
    let entries = [entry(1), entry(2), Entry::new(Kind::Export, tenant(1), "kim")];
    table.write(&entries).await.unwrap();
    table.write(&entries).await.unwrap();
    assert_eq!(rows(&database).await, 3);
    let reader = pool(&database, Duty::Reader);
    let mut transaction = reader.begin().await.unwrap();
    transaction.execute(format!("set local crm.tenant = '{}'", tenant(2)).as_str()).await.unwrap();
    let found: Vec<(String, String, i64)> =
        sqlx::query_as("select actor, address, (detail ->> 'rows')::bigint from trail.entry")
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
    assert_eq!(found, [("sam".to_owned(), "192.0.2.1".to_owned(), 3)]);
}

#[tokio::test]
async fn whoever_adds_to_the_trail_neither_reads_nor_changes_it_and_nobody_else_does() {
    let database = testing::database().await;
    TrailTable::new(pool(&database, Duty::Trail)).write(&[entry(1)]).await.unwrap();
    let statements =
        ["select from trail.entry", "update trail.entry set actor = 'kim'", "delete from trail.entry"];
    let duties = [Duty::Trail, Duty::Appender, Duty::Projector, Duty::Relay];
    for duty in duties {
        for statement in statements {
            let error = pool(&database, duty).execute(statement).await.unwrap_err();
            assert!(error.to_string().contains("permission denied"), "{duty:?}: {statement}: {error}");
        }
    }
    for statement in &statements[1..] {
        let error = pool(&database, Duty::Reader).execute(*statement).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{statement}: {error}");
    }
    let error = pool(&database, Duty::Sweeper).execute(statements[1]).await.unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
}

#[tokio::test]
async fn of_an_erased_user_it_forgets_from_where_they_came_and_nothing_else() {
    let database = testing::database().await;
    let (kim, sam) = (UserId::from_uuid(Uuid::now_v7()), UserId::from_uuid(Uuid::now_v7()));
    let of = |user: UserId| Entry {
        actor: Some(user.to_string()),
        address: Some([10, 1, 2, 3].into()),
        agent: Some("Kanarie".to_owned()),
        ..entry(1)
    };
    let (of_kim, of_sam) = (of(kim), of(sam));
    let tenant = of_kim.tenant;
    TrailTable::new(pool(&database, Duty::Trail)).write(&[of_kim, of_sam]).await.unwrap();
    Vault::new(pool(&database, Duty::Identity)).forget_user(tenant, kim).await.unwrap();
    let told = "select actor, address is null and agent is null from trail.entry where count > 0";
    let mut rows: Vec<(String, bool)> = sqlx::query_as(told).fetch_all(&database.pool()).await.unwrap();
    rows.sort();
    let mut expected = [(kim.to_string(), true), (sam.to_string(), false)];
    expected.sort();
    assert_eq!(rows, expected);
    for statement in ["update trail.entry set actor = 'kim'", "delete from trail.entry"] {
        let error = pool(&database, Duty::Identity).execute(statement).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn what_is_old_is_swept_in_portions_and_what_is_young_cannot_be() {
    let database = testing::database().await;
    let admin = database.pool();
    let old = "insert into trail.entry (tenant_id, id, at, kind, correlation_id, count)
        select gen_random_uuid(), gen_random_uuid(), now() - interval '1 day' * days, 'denied', 'x', 1
        from unnest($1::integer[]) as days";
    let days: Vec<i32> = vec![400; 12_000].into_iter().chain([100, 100, 31, 29, 1, 0]).collect();
    sqlx::query(old).bind(days).execute(&admin).await.unwrap();
    let sweeper = pool(&database, Duty::Sweeper);
    assert_eq!(sweep(&sweeper, 365).await.unwrap(), 12_000);
    assert_eq!(sweep(&sweeper, 365).await.unwrap(), 0);
    assert_eq!(rows(&database).await, 6);
    // Whatever is asked for, the database keeps what is younger.
    assert_eq!(sweep(&sweeper, 0).await.unwrap(), 3);
    let deleted = sweeper.execute("delete from trail.entry").await.unwrap();
    assert_eq!((deleted.rows_affected(), rows(&database).await), (0, 3));
    assert_eq!(LEAST_DAYS, 30);
}

#[tokio::test]
async fn an_entry_that_the_database_does_not_take_is_told_apart_from_a_database_that_is_away() {
    let database = testing::database().await;
    let table = TrailTable::new(pool(&database, Duty::Trail));
    let impossible = Entry { count: 0, ..entry(1) };
    assert!(matches!(table.write(&[impossible]).await, Err(edge::trail::Unwritten::Refused(_))));
    let nowhere = connect("postgresql://crm@127.0.0.1:1/crm", Duty::Trail, 1).unwrap();
    let away = TrailTable::new(nowhere).write(&[entry(1)]).await;
    assert!(matches!(away, Err(edge::trail::Unwritten::Unavailable(_))));
}
