//! The built binary under clients that mean no good.

use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::crm::{Crm, Site};

const SLOW: usize = 500;
const LONG: Duration = Duration::from_secs(60);
/// How long a process may take from the signal to stop until it has ended.
const STOP: Duration = Duration::from_secs(10);

async fn connected(crm: &Crm) -> TcpStream {
    TcpStream::connect(crm.address.trim_start_matches("http://")).await.unwrap()
}

/// Connections that have begun a request, half of them in the header and half in the body, and go on drop by drop for as
/// long as the set is kept.
async fn slow_clients(site: &Site, crm: &Crm) -> JoinSet<()> {
    let header = "GET /api/v1/leads HTTP/1.1\r\nhost: crm\r\nx-slow: ".to_owned();
    let body = format!(
        "POST /api/v1/leads HTTP/1.1\r\nhost: crm\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{{\"name\":\"",
        site.token
    );
    let mut clients = JoinSet::new();
    for number in 0..SLOW {
        let mut stream = connected(crm).await;
        let beginning = if number % 2 == 0 { &header } else { &body };
        stream.write_all(beginning.as_bytes()).await.unwrap();
        clients.spawn(async move {
            let mut drops = tokio::time::interval(Duration::from_millis(500));
            while stream.write_all(b"a").await.is_ok() {
                drops.tick().await;
            }
        });
    }
    clients
}

/// The status and the problem of a refusal.
async fn refused(request: RequestBuilder) -> (u16, Value) {
    let answer = timeout(LONG, request.send()).await.expect("an answer").unwrap();
    let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    assert_eq!(body["success"], false, "{body}");
    (status, body["error"]["code"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_clients_do_others_are_answered_and_what_was_accepted_is_finished() {
    let site = Site::new().await;
    let mut crm = site.start(&["serve", "--listen", "127.0.0.1:0"]).await;
    let slow = slow_clients(&site, &crm).await;
    let position = site.open(&crm, "during").await.unwrap().position;
    assert_eq!(site.read(&crm, "/opportunities", position).await["meta"]["total"], 1);

    let get = |query: &str| site.client.get(format!("{}/leads?{query}", crm.api)).bearer_auth(&site.token);
    let post = |body: String| {
        let request = site.client.post(format!("{}/leads", crm.api)).bearer_auth(&site.token);
        request.header("content-type", "application/json").body(body)
    };
    let filters = |count: usize| "filter[name]=a&".repeat(count);
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    // Longer than clients make them, unless they are made by hand.
    let long = format!("GET /api/v1/leads?{} HTTP/1.1\r\nhost: crm\r\n\r\n", filters(10_000));
    let (mut stream, mut said) = (connected(&crm).await, String::new());
    stream.write_all(long.as_bytes()).await.unwrap();
    timeout(LONG, stream.read_to_string(&mut said)).await.expect("an answer").unwrap();
    assert!(said.starts_with("HTTP/1.1 431") && said.contains("headers.too_large"), "{said}");
    for (request, status, code) in [
        (get(&filters(3_000)), 422, "values.invalid"),
        (get("page_size=1000000000"), 422, "values.invalid"),
        (get("page=1000000000"), 422, "values.invalid"),
        (post(deep), 400, "request.unreadable"),
        (post(format!("[{}1]", "1,".repeat(400_000))), 413, "body.too_large"),
        (post(" ".repeat(8 * 1024 * 1024)), 413, "body.too_large"),
    ] {
        assert_eq!(refused(request).await, (status, json!(code)));
    }

    // A command that was accepted and has to wait: somebody else holds the log.
    let mut connection = sqlx::PgConnection::connect(site.database.url()).await.unwrap();
    let (pool, mut held) = (site.pool(), connection.begin().await.unwrap());
    sqlx::query("lock table log.event in share mode").execute(&mut *held).await.unwrap();
    let opening = site.open(&crm, "accepted");
    let stopped = async {
        let waits = "select count(*) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'";
        let waiting =
            async { while sqlx::query_scalar::<_, i64>(waits).fetch_one(&pool).await.unwrap() == 0 {} };
        timeout(LONG, waiting).await.expect("the command waits");
        crm.signal("TERM").await;
        let told = Instant::now();
        let address = crm.address.trim_start_matches("http://");
        timeout(LONG, async { while TcpStream::connect(address).await.is_ok() {} }).await.unwrap();
        held.rollback().await.unwrap();
        told
    };
    let (opened, told) = tokio::join!(opening, stopped);
    let opened = opened.expect("the accepted command is answered");
    let ended = timeout(LONG, crm.child.wait()).await.expect("the process ends").unwrap();
    assert!(ended.success() && told.elapsed() < STOP, "{ended} after {:?}", told.elapsed());
    drop(slow);

    let again = site.serve().await;
    assert_eq!(site.open(&again, "accepted").await, Some(opened));
}

/// A process that may have 256 open files, of which connections of clients get the half.
async fn with_few_files(site: &Site) -> Crm {
    let crm = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\""]).arg(crm.as_std().get_program());
    command.args(crm.as_std().get_args());
    for (name, value) in crm.as_std().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Crm::listening(child, &mut lines).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_there_are_files_leave_enough_for_everything_else() {
    let site = Site::new().await;
    let crm = with_few_files(&site).await;
    // It has its place from now on.
    let mut one = connected(&crm).await;
    let mut ask = async |query: &str| {
        let request = format!(
            "GET /api/v1/leads?{query} HTTP/1.1\r\nhost: crm\r\nauthorization: Bearer {}\r\n\r\n",
            site.token
        );
        one.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"\"error\":null}") {
            let read = timeout(LONG, one.read_buf(&mut said)).await.expect("an answer").unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&said));
        }
    };
    ask("").await;
    let mut flood = JoinSet::new();
    for _ in 0..700 {
        let mut stream = connected(&crm).await;
        flood.spawn(async move {
            let mut said = String::new();
            // Whoever has a place is left waiting for the rest of the header.
            let _half = stream.write_all(b"GET /api/v1/leads HTTP/1.1\r\nx-slow: ").await;
            let _end = stream.read_to_string(&mut said).await;
            said
        });
    }
    let turned_away =
        timeout(LONG, flood.join_next()).await.expect("somebody is turned away").unwrap().unwrap();
    assert!(turned_away.starts_with("HTTP/1.1 503") || turned_away.is_empty(), "{turned_away}");
    for size in 1..=100 {
        ask(&format!("page_size={size}")).await;
    }
    flood.shutdown().await;
    let again = async { while site.open(&crm, "again").await.is_none() {} };
    timeout(LONG, again).await.expect("there are places again");
}
