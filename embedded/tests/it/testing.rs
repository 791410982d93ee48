//! What the tests of other crates rely on.

use std::fs;

use async_nats::jetstream;
use embedded::testing;
use sqlx::Executor;

#[tokio::test]
async fn each_test_has_a_migrated_database_of_its_own() {
    let (one, two) = tokio::join!(testing::database(), testing::database());

    one.pool().execute("create table mine ()").await.unwrap();
    assert!(two.pool().execute("select from mine").await.is_err());
    let migrated: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&sqlx::PgPool::connect(one.url()).await.unwrap())
        .await
        .unwrap();
    assert_eq!(usize::try_from(migrated).unwrap(), migrations::MIGRATOR.iter().count());
    assert_ne!(one.name(), two.name());
}

#[tokio::test]
async fn an_empty_database_has_no_migrations() {
    let database = testing::empty_database().await;

    let found: Option<String> = sqlx::query_scalar("select to_regclass('_sqlx_migrations')::text")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn names_on_nats_are_unique() {
    let (one, two) = (testing::nats(), testing::nats());

    assert_ne!(one.stream, two.stream);
    assert_eq!(one.subject_prefix, format!("{}.events", one.stream));
    async_nats::connect(&one.url).await.unwrap();
}

#[tokio::test]
async fn the_store_of_an_own_nats_can_be_deleted() {
    let mut nats = testing::own_nats();
    let stream = jetstream::stream::Config { name: "lost".into(), ..Default::default() };
    let client = async_nats::connect(nats.url()).await.unwrap();
    jetstream::new(client).create_stream(stream).await.unwrap();

    nats.kill().unwrap();
    fs::remove_dir_all(nats.store_dir()).unwrap();
    nats.restart().unwrap();

    let client = async_nats::connect(nats.url()).await.unwrap();
    assert!(jetstream::new(client).get_stream("lost").await.is_err());
}
