//! Exports that nobody takes, over real sockets and a small pool: they hold up no one.

use std::time::Duration;

use edge::{Limits, Role};
use futures::FutureExt;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::export::{URI, long_log};
use crate::world::World;

const LONG: Duration = Duration::from_secs(60);
/// Sessions of the pool.
const POOL: u32 = 2;

/// The API over a small pool, as a server of its own.
struct Served {
    world: World,
    address: String,
    _stop: oneshot::Sender<()>,
}

impl Served {
    async fn new(exports: usize, limits: Limits) -> Self {
        let world = long_log().await;
        let router = world.router_with(world.sessions(POOL), |api| api.with_exports(exports));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(edge::serve(listener, router, limits, stopped.map(drop)));
        Self { world, address, _stop: stop }
    }

    async fn ask(&self, uri: &str, accept: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let token = self.world.token(self.world.tenant, &[Role::Admin]);
        let request = format!(
            "GET {uri} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\naccept: {accept}\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// An export of which nothing is read but its status, which this is.
    async fn export(&self) -> (String, TcpStream) {
        let mut stream = self.ask(URI, "application/x-ndjson").await;
        let mut status = [0; 12];
        timeout(LONG, stream.read_exact(&mut status)).await.expect("an answer").unwrap();
        (String::from_utf8_lossy(&status).into_owned(), stream)
    }

    /// Reads that are each made anew.
    async fn assert_read(&self, first: usize) {
        let lists = (first..first + 20).map(|size| async move {
            let mut text = String::new();
            let mut stream = self.ask(&format!("/api/v1/leads?page_size={size}"), "*/*").await;
            timeout(LONG, stream.read_to_string(&mut text)).await.expect("an answer").unwrap();
            assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        });
        join_all(lists).await;
    }
}

/// Many more than the pool has sessions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_of_an_export_takes_no_connection_from_others() {
    let served = Served::new(50, Limits::default()).await;
    let mut stalled = Vec::new();
    for _ in 0..50 {
        let (status, stream) = served.export().await;
        assert_eq!(status, "HTTP/1.1 200");
        stalled.push(stream);
    }
    served.assert_read(1).await;
    served.assert_read(21).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_beyond_the_limit_are_told_when_to_come_again_until_one_is_given_up() {
    let stall = Duration::from_secs(2);
    let served = Served::new(2, Limits { stall, ..Limits::default() }).await;
    let stalled = [served.export().await, served.export().await];
    assert!(stalled.iter().all(|(status, _)| status == "HTTP/1.1 200"));
    let (status, mut refused) = served.export().await;
    assert_eq!(status, "HTTP/1.1 503");
    let mut text = String::new();
    refused.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("\r\nretry-after: 5\r\n") && text.contains("\"code\":\"unavailable\""), "{text}");
    served.assert_read(1).await;
    let again = async { while served.export().await.0 != "HTTP/1.1 200" {} };
    timeout(LONG, again).await.expect("the place of an export that nobody takes is free again");
}
