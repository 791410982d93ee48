//! The server, over real sockets.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::routing::{get as at, post};
use edge::{Answer, Json, Limits, Listener, Tls, WebPolicy, finish_for, ok, serve_for};
use futures::Stream;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub struct Running {
    pub address: SocketAddr,
    pub stop: oneshot::Sender<()>,
    pub server: JoinHandle<std::io::Result<()>>,
    /// Told when a request to `/slow` has begun; what it waits for to go on.
    pub begun: Arc<Notify>,
    pub go_on: Arc<Notify>,
    /// Told when the answer of `/endless` is given up.
    pub given_up: Arc<Notify>,
}

pub const LONG: Duration = Duration::from_secs(60);

/// Bytes without end, as fast as they are taken.
struct Endless(Arc<Notify>);

impl Stream for Endless {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(Bytes::from_static(&[b' '; 64 * 1024]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

pub async fn run() -> Running {
    run_within(Limits::default()).await
}

pub async fn run_within(limits: Limits) -> Running {
    run_for(limits, WebPolicy::default()).await
}

pub async fn run_for(limits: Limits, web: WebPolicy) -> Running {
    run_by(limits, web, None).await
}

pub async fn run_by(limits: Limits, web: WebPolicy, tls: Option<Tls>) -> Running {
    let (begun, go_on, given_up) = <(Arc<Notify>, Arc<Notify>, Arc<Notify>)>::default();
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        async move || {
            begun.notify_one();
            go_on.notified().await;
            ok("slow")
        }
    };
    let endless = {
        let given_up = Arc::clone(&given_up);
        async move || Body::from_stream(Endless(given_up))
    };
    async fn who(ConnectInfo(address): ConnectInfo<SocketAddr>) -> Answer<String> {
        ok(address.ip().to_string())
    }
    async fn echo(Json(body): Json<Value>) -> Answer<Value> {
        ok(body)
    }
    let router: Router = finish_for(
        Router::new()
            .route("/who", at(who))
            .route("/slow", at(slow))
            .route("/endless", at(endless))
            .route("/echo", post(echo)),
        &web,
        None,
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stop = async move {
            let _ = stopped.await;
        };
        serve_for(Listener::new(listener, tls), router, limits, &web, stop).await
    });
    Running { address, stop, server, begun, go_on, given_up }
}

pub async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

pub async fn answer(mut stream: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A connection that has had an answer, and so was surely accepted.
pub async fn kept_alive(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask_again(&mut stream).await;
    stream
}

pub async fn ask_again(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: crm\r\n\r\n").await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"\"error\":null}") {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "{}", String::from_utf8_lossy(&read));
    }
    assert!(read.starts_with(b"HTTP/1.1 200 OK"));
}

/// The status, the head and the problem of a refusal.
pub fn refusal(text: &str) -> (&str, &str, Value) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let status = head.strip_prefix("HTTP/1.1 ").unwrap().get(..3).unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no problem: {text}"));
    assert_eq!(body["success"], false, "{text}");
    (status, head, body["error"].clone())
}

#[tokio::test]
async fn it_answers_and_knows_who_asks() {
    let running = run().await;
    let text = answer(ask(running.address, "/who").await).await;
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    assert!(text.contains("\"data\":\"127.0.0.1\""), "{text}");
}

/// All is sent before anything is read, as simple clients do. What is too much is read for a moment, since the answer
/// would be lost with a connection that is reset.
#[tokio::test]
async fn what_is_too_large_is_told_so_even_to_those_who_go_on_sending() {
    let running = run().await;
    let filters: String = (0..10_000).map(|index| format!("filter[name]=n{index}&")).collect();
    let large = "a".repeat(3 * 1024 * 1024);
    let body = |length: usize| format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    for (request, status, code) in [
        (format!("GET /who?{filters} HTTP/1.1\r\nhost: crm\r\n\r\n"), "431", "headers.too_large"),
        (format!("GET /who HTTP/1.1\r\nx-large: {large}\r\n\r\n"), "431", "headers.too_large"),
        (format!("POST /echo HTTP/1.1\r\n{}\"{large}\"", body(large.len() + 2)), "413", "body.too_large"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let text = timeout(LONG, answer(stream)).await.unwrap();
        let (answered, _, problem) = refusal(&text);
        assert_eq!((answered, problem["code"].as_str().unwrap()), (status, code));
    }
}

#[tokio::test]
async fn what_is_no_http_or_has_too_many_fields_is_refused_without_a_reset() {
    let running = run().await;
    for (request, status) in [
        (format!("GET /who HTTP/1.1\r\n{}\r\n", "x-many: 1\r\n".repeat(90_000)), "HTTP/1.1 431"),
        ("\u{16}\u{3}\u{1} hello".repeat(10_000) + "\r\n\r\n", "HTTP/1.1 400"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let text = timeout(LONG, answer(stream)).await.unwrap();
        assert!(text.starts_with(status), "{text}");
    }
}

/// The header of each request is counted by itself, and not as a part of the bodies before.
#[tokio::test]
async fn many_requests_on_one_connection_are_not_one_that_is_too_large() {
    let running = run().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = format!("\"{}\"", "a".repeat(100_000));
    let request = format!(
        "POST /echo HTTP/1.1\r\nhost: crm\r\nx: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        "a".repeat(8_000),
        body.len()
    );
    for _ in 0..50 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"\"error\":null}") {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0, "{}", String::from_utf8_lossy(&read));
        }
        assert!(read.starts_with(b"HTTP/1.1 200"));
    }
}

/// Whoever stands before this server must see the same requests in the bytes of a connection as it does.
#[tokio::test]
async fn a_length_that_is_told_in_two_ways_smuggles_no_second_request_in() {
    const HIDDEN: &str = "GET /who HTTP/1.1\r\nhost: crm\r\n\r\n";
    const CHUNKED: &str = "1\r\n7\r\n0\r\n\r\n";
    let running = run().await;
    for (lengths, body, status) in [
        ("content-length: 1\r\ncontent-length: 35", "7", "400"),
        ("content-length: 1, 1", "7", "400"),
        ("content-length: +1", "7", "400"),
        ("transfer-encoding: chunked, identity", CHUNKED, "400"),
        ("transfer-encoding: xchunked", CHUNKED, "400"),
        ("transfer-encoding: identity\r\ncontent-length: 1", "7", "400"),
        // Read by its chunks, and the last request of its connection.
        ("content-length: 1\r\ntransfer-encoding: chunked", CHUNKED, "200"),
        ("transfer-encoding: chunked\r\ncontent-length: 1", CHUNKED, "200"),
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let request = format!(
            "POST /echo HTTP/1.1\r\nhost: crm\r\ncontent-type: application/json\r\n{lengths}\r\n\r\n{body}{HIDDEN}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let text = timeout(LONG, answer(stream)).await.unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{lengths}: {text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{lengths}: {text}");
    }
}
