//! The log as lines.

use axum::body::BodyDataStream;
use axum::http::StatusCode;
use domain::Command;
use domain::LeadId;
use domain::fixtures::prose;
use domain::sales::ActivityKind;
use domain::sales::lead::{Lead, LeadAction, LeadCommand};
use edge::Role;
use event_store::{Recorded, fixtures};
use futures::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::plan::at;
use crate::world::World;

pub const URI: &str = "/api/v1/audit/events";
const LINES: [(&str, &str); 1] = [("accept", "application/x-ndjson")];

/// Notes that a lead was called, very often.
async fn call(world: &World, id: LeadId, times: usize) {
    let mut left = times;
    while left > 0 {
        let portion = left.min(1_000);
        let loaded = world.store.load::<Lead>(world.tenant.into(), id.into()).await.unwrap();
        let summary = prose("Called. ".repeat(20).as_str()).into();
        let action = LeadAction::LogActivity { kind: ActivityKind::Call, summary };
        let command: LeadCommand = Command { occurred_at: at(3, 2, 9), now: at(3, 3, 9), action };
        let event = loaded.state.decide(command).unwrap().remove(0);
        let mut change = world.change("sam", at(3, 2, 9));
        change.record(&loaded, vec![event; portion]).unwrap();
        world.commit(change).await;
        left -= portion;
    }
}

/// A log of 20,000 events.
pub async fn long_log() -> World {
    let mut world = World::new().await;
    world.stop_folding();
    let id = world.lead("Ada").await;
    call(&world, id, 19_999).await;
    world
}

async fn stream(world: &World, uri: &str) -> BodyDataStream {
    let request = world.request(Role::Auditor, uri, &LINES);
    let answer = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    answer.into_body().into_data_stream()
}

fn events(lines: &[u8]) -> Vec<Recorded> {
    let text = std::str::from_utf8(lines).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn all(world: &World, uri: &str) -> Vec<Recorded> {
    let chunks: Vec<_> = stream(world, uri).await.map(Result::unwrap).collect().await;
    events(&chunks.concat())
}

#[tokio::test]
async fn twenty_thousand_events_come_as_they_lie_and_in_portions() {
    let world = long_log().await;
    let expected = fixtures::opened(world.store.pool()).await.unwrap();
    assert_eq!(expected.len(), 20_000);
    let mut stream = stream(&world, URI).await;
    let (mut found, mut largest) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let portion = events(&chunk.unwrap());
        largest = largest.max(portion.len());
        found.extend(portion);
    }
    assert!(largest <= 2_000, "{largest} events were in memory at once");
    assert!(found == expected);
    let mut reversed = all(&world, &format!("{URI}?sort=-position")).await;
    reversed.reverse();
    assert!(reversed == expected);
    assert_eq!(all(&world, &format!("{URI}?type=lead.captured")).await, expected[..1]);
    assert_eq!(all(&world, &format!("{URI}?after=19998")).await, expected[19_998..]);
    assert!(all(&world, &format!("{URI}?type=lead.vanished")).await.is_empty());
}

/// What is recorded while an export runs is not part of it.
#[tokio::test]
async fn an_export_ends_where_the_log_ended_when_it_began() {
    let mut world = World::new().await;
    world.stop_folding();
    let id = world.lead("Ada").await;
    call(&world, id, 4_999).await;
    let request = world.request(Role::Auditor, URI, &LINES);
    let answer = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["x-position"], "5000");
    call(&world, id, 1_000).await;
    let chunks: Vec<_> = answer.into_body().into_data_stream().map(Result::unwrap).collect().await;
    assert_eq!(events(&chunks.concat()).len(), 5_000);
}

/// Nobody reads ahead: while the client takes nothing, no connection is held and nothing is asked.
#[tokio::test]
async fn who_stops_reading_stops_the_reading() {
    let world = long_log().await;
    let mut stream = stream(&world, URI).await;
    let first = stream.next().await.unwrap().unwrap();
    let busy = "select count(*) from pg_stat_activity
                where datname = current_database() and application_name = 'crm_reader' and state <> 'idle'";
    // The connection of the first portion goes back to its pool behind our back; then there is none.
    let settled = async {
        while sqlx::query_scalar::<_, i64>(busy).fetch_one(&world.database.pool()).await.unwrap() > 0 {}
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), settled)
        .await
        .expect("no transaction stays open");
    assert_eq!(events(&first).len(), 2_000);
    assert_eq!(events(&stream.next().await.unwrap().unwrap()).len(), 2_000);
}

async fn break_the_log(world: &World) {
    let revoke = sqlx::query("revoke select on log.event from crm_reader");
    revoke.execute(&world.database.pool()).await.unwrap();
}

#[tokio::test]
async fn what_breaks_on_the_way_breaks_the_stream() {
    let world = long_log().await;
    let mut stream = stream(&world, URI).await;
    stream.next().await.unwrap().unwrap();
    break_the_log(&world).await;
    assert!(stream.next().await.unwrap().is_err());
    assert!(stream.next().now_or_never().flatten().is_none());
    // And what breaks before the first line is a problem like any other.
    let reply = world.get_with(URI, &LINES).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
}

/// A client that takes the end of the connection for the end of the log must be able to tell.
#[tokio::test]
async fn over_http_a_broken_export_lacks_its_last_chunk() {
    for broken in [false, true] {
        let world = long_log().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(edge::serve(
            listener,
            world.router.clone(),
            edge::Limits::default(),
            stopped.map(drop),
        ));
        let mut client = TcpStream::connect(address).await.unwrap();
        let token = world.token(world.tenant, &[Role::Auditor]);
        let request = format!(
            "GET {URI} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: application/x-ndjson\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let mut received = vec![0; 1_000];
        client.read_exact(&mut received).await.unwrap();
        assert!(received.starts_with(b"HTTP/1.1 200 OK"));
        if broken {
            break_the_log(&world).await;
        }
        let mut rest = Vec::new();
        // A connection that is aborted may also be reset.
        let _end = client.read_to_end(&mut rest).await;
        received.extend(rest);
        assert_eq!(received.ends_with(b"\r\n0\r\n\r\n"), !broken);
        drop(stop);
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn lines_have_no_pages() {
    let world = World::new().await;
    let reply = world.get_with(&format!("{URI}?page_size=10&cursor=x"), &LINES).await;
    assert_eq!(reply.bad_fields(), ["page_size", "cursor"]);
    for accept in ["application/json", "*/*", "text/html, application/json;q=0.9"] {
        let reply = world.get_with(URI, &[("accept", accept)]).await;
        assert_eq!(reply.body["data"]["items"], Value::Array(Vec::new()), "{accept}");
        assert_eq!(reply.headers["vary"], "Accept");
    }
    let reply = world.get_with(URI, &[("accept", "text/html, Application/X-NDJSON; q=0.5")]).await;
    assert_eq!(reply.headers["content-type"], "application/x-ndjson");
}
