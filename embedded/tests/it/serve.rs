//! What `crm serve --embedded` relies on.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use embedded::{Config, Postgres, find_tools};
use sqlx::{Connection, Executor, PgConnection};

use crate::{connect, connect_nats, port, start};

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first_and_is_quick() {
    let dir = tempfile::tempdir().unwrap();

    let servers = start(dir.path()).await.unwrap();
    connect(&servers)
        .await
        .execute("create table note (body text); insert into note values ('kept')")
        .await
        .unwrap();
    let client = connect_nats(&servers.nats_url()).await;
    let config = jetstream::stream::Config {
        name: "kept".into(),
        subjects: vec!["kept.>".into()],
        ..Default::default()
    };
    let jetstream = jetstream::new(client);
    jetstream.create_stream(config).await.unwrap();
    jetstream.publish("kept.1", "hello".into()).await.unwrap().await.unwrap();
    servers.stop().await.unwrap();

    let begun = Instant::now();
    let servers = start(dir.path()).await.unwrap();
    let body: String =
        sqlx::query_scalar("select body from note").fetch_one(&mut connect(&servers).await).await.unwrap();
    let client = connect_nats(&servers.nats_url()).await;
    let mut stream = jetstream::new(client).get_stream("kept").await.unwrap();
    let took = begun.elapsed();

    assert_eq!(body, "kept");
    assert_eq!(stream.info().await.unwrap().state.messages, 1);
    assert!(took < Duration::from_secs(5), "took {took:?}");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn two_folders_run_side_by_side_on_ports_of_their_own() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

    let (one, two) = tokio::join!(start(one.path()), start(two.path()));
    let (one, two) = (one.unwrap(), two.unwrap());

    let mut ports: Vec<u16> = [one.database_url(), one.nats_url(), two.database_url(), two.nats_url()]
        .iter()
        .map(|url| port(url))
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 4);
    one.stop().await.unwrap();
    connect(&two).await;
    two.stop().await.unwrap();
}

#[tokio::test]
async fn the_servers_speak_utf8_and_utc_keep_what_they_were_told_and_want_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let servers = start(dir.path()).await.unwrap();
    let mut connection = connect(&servers).await;

    for (setting, value) in
        [("server_encoding", "UTF8"), ("timezone", "UTC"), ("fsync", "on"), ("listen_addresses", "127.0.0.1")]
    {
        let sql = format!("select current_setting('{setting}')");
        let found: String = sqlx::query_scalar(&sql).fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, value, "{setting}");
    }
    let upper: String = sqlx::query_scalar("select upper('größe')").fetch_one(&mut connection).await.unwrap();
    assert_eq!(upper, "GRÖßE");

    let wrong = servers.database_url().replacen("crm:", "crm:x", 1);
    assert!(sqlx::PgPool::connect(&wrong).await.unwrap_err().to_string().contains("password"));
    let nameless = format!("nats://127.0.0.1:{}", port(&servers.nats_url()));
    assert!(async_nats::connect(nameless).await.is_err());
    for file in ["password", "nats.conf"] {
        assert_eq!(
            fs::metadata(dir.path().join(file)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    servers.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_starts_through_a_command_that_gives_way_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { tools: find_tools().unwrap(), dir: dir.path().to_owned() };
    let launcher = ["sh", "-c", "echo >> launched; exec \"$@\"", "sh"].map(OsString::from);

    let mut postgres = Postgres::open_through(&config, launcher.to_vec()).unwrap();
    postgres.restart().unwrap();

    assert_eq!(fs::read_to_string(dir.path().join("launched")).unwrap(), "\n\n");
    PgConnection::connect(&postgres.url()).await.unwrap();
    postgres.stop().unwrap();
}
