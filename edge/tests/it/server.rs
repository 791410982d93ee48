//! The server, over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get as at;
use edge::{Answer, finish, ok, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    /// Told when a request to `/slow` has begun; what it waits for to go on.
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

const LONG: Duration = Duration::from_secs(60);

async fn run() -> Running {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        async move || {
            begun.notify_one();
            go_on.notified().await;
            ok("slow")
        }
    };
    async fn who(ConnectInfo(address): ConnectInfo<SocketAddr>) -> Answer<String> {
        ok(address.ip().to_string())
    }
    let router: Router = finish(Router::new().route("/who", at(who)).route("/slow", at(slow)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, router, async move {
        let _ = stopped.await;
    }));
    Running { address, stop, server, begun, go_on }
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn it_answers_and_knows_who_asks() {
    let running = run().await;
    let text = answer(ask(running.address, "/who").await).await;
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    assert!(text.contains("\"data\":\"127.0.0.1\""), "{text}");
}

#[tokio::test]
async fn told_to_stop_it_lets_requests_end_and_takes_no_more() {
    let running = run().await;
    let slow = ask(running.address, "/slow").await;
    running.begun.notified().await;
    running.stop.send(()).unwrap();
    // The listener is closed as soon as the server has heard.
    timeout(LONG, async { while TcpStream::connect(running.address).await.is_ok() {} }).await.unwrap();
    running.go_on.notify_one();
    assert!(answer(slow).await.contains("\"data\":\"slow\""));
    timeout(LONG, running.server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn told_to_stop_it_does_not_wait_for_idle_connections() {
    let running = run().await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /who HTTP/1.1\r\nhost: crm\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    running.stop.send(()).unwrap();
    timeout(edge::server::MAX_STOP_TIME / 2, running.server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn told_to_stop_it_waits_no_longer_than_10_seconds() {
    let running = run().await;
    let _slow = ask(running.address, "/slow").await;
    running.begun.notified().await;
    // From here on the clock stands still, and jumps when everybody waits.
    tokio::time::pause();
    let told = tokio::time::Instant::now();
    running.stop.send(()).unwrap();
    timeout(LONG, running.server).await.unwrap().unwrap().unwrap();
    let waited = told.elapsed();
    assert!(waited < edge::server::MAX_STOP_TIME + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn a_header_beyond_all_bounds_ends_the_connection() {
    let running = run().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = format!("GET /who HTTP/1.1\r\nx-large: {}\r\n\r\n", "a".repeat(200 * 1024));
    // The server may hang up before all is written.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&bytes));
}
