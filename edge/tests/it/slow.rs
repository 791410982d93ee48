//! Clients that are slow on purpose, and too many: each is cut, and meanwhile others are answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use edge::server::open_files;
use edge::{Limits, WebPolicy};
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, timeout};

use crate::server::{LONG, answer, ask, ask_again, kept_alive, refusal, run_for, run_within};

const CLIENTS: usize = 500;
/// What the server under test allows for a header and for a body.
const SHORT: Duration = Duration::from_secs(2);

/// Sends a byte now and then until the server hangs up, and tells what it said.
async fn drop_by_drop(mut stream: TcpStream, beginning: &str) -> String {
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut said = String::new();
    let mut drops = interval(Duration::from_millis(100));
    let sends = async {
        loop {
            drops.tick().await;
            if writing.write_all(b"a").await.is_err() {
                return std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        read = reading.read_to_string(&mut said) => { read.unwrap(); }
        () = sends => {}
    }
    said
}

async fn ask_on_and_on(address: SocketAddr) -> Infallible {
    loop {
        let text = timeout(LONG, answer(ask(address, "/who").await)).await.expect("others are answered");
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    }
}

/// All slow clients are told that they are too slow, and whoever asks meanwhile is answered.
async fn assert_cut(limits: Limits, beginning: &str) {
    open_files();
    let running = run_within(limits).await;
    let begun = Instant::now();
    let mut accepted = Vec::new();
    for _ in 0..CLIENTS {
        accepted.push(kept_alive(running.address).await);
    }
    let all = join_all(accepted.into_iter().map(|stream| drop_by_drop(stream, beginning)));
    let slow = async {
        tokio::select! {
            slow = all => slow,
            never = ask_on_and_on(running.address) => match never {},
        }
    };
    for said in timeout(LONG, slow).await.expect("every slow client is cut") {
        let (status, _, problem) = refusal(&said);
        assert_eq!((status, problem["code"].as_str().unwrap()), ("408", "request.too_slow"));
    }
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_headers_that_come_drop_by_drop_are_cut() {
    assert_cut(Limits { header: SHORT, ..Limits::default() }, "GET /who HTTP/1.1\r\nx-slow: ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_bodies_that_come_drop_by_drop_are_cut() {
    let beginning =
        "POST /echo HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n\"";
    assert_cut(Limits { body: SHORT, ..Limits::default() }, beginning).await;
}

/// It would be the answer to a request that was never made.
#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let running = run_within(Limits { header: Duration::from_millis(100), ..Limits::default() }).await;
    let mut never = TcpStream::connect(running.address).await.unwrap();
    let mut once = TcpStream::connect(running.address).await.unwrap();
    once.write_all(b"GET /who HTTP/1.1\r\nhost: crm\r\n\r\n").await.unwrap();
    let mut said = String::new();
    timeout(LONG, never.read_to_string(&mut said)).await.unwrap().unwrap();
    assert_eq!(said, "");
    timeout(LONG, once.read_to_string(&mut said)).await.unwrap().unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.ends_with("\"error\":null}"), "{said}");
}

#[tokio::test]
async fn who_takes_nothing_of_the_answer_is_cut() {
    let running = run_within(Limits { stall: Duration::from_millis(300), ..Limits::default() }).await;
    let mut stalled = ask(running.address, "/endless").await;
    let mut first = [0; 15];
    stalled.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    timeout(LONG, running.given_up.notified()).await.expect("the answer is given up");
    let mut rest = Vec::new();
    // The connection ends without a last chunk, so nobody takes what there is for all.
    let _end = timeout(LONG, stalled.read_to_end(&mut rest)).await.unwrap();
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_limit_are_told_when_to_come_again() {
    let running = run_within(Limits { connections: 10, ..Limits::default() }).await;
    let mut taken = Vec::new();
    for _ in 0..10 {
        taken.push(kept_alive(running.address).await);
    }
    for _ in 0..100 {
        let text = timeout(LONG, answer(ask(running.address, "/who").await)).await.unwrap();
        let (status, head, problem) = refusal(&text);
        assert_eq!((status, problem["code"].as_str().unwrap()), ("503", "unavailable"));
        assert!(head.contains("retry-after: 1"), "{head}");
    }
    for stream in &mut taken {
        ask_again(stream).await;
    }
    drop(taken);
    let again =
        async { while !answer(ask(running.address, "/who").await).await.starts_with("HTTP/1.1 200") {} };
    timeout(LONG, again).await.expect("there is a place again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_one_address_beyond_its_limit_are_told_so_and_others_are_served() {
    let running = run_within(Limits { peer: 5, ..Limits::default() }).await;
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.push(kept_alive(running.address).await);
    }
    for _ in 0..50 {
        let text = timeout(LONG, answer(ask(running.address, "/who").await)).await.unwrap();
        let (status, head, problem) = refusal(&text);
        assert_eq!((status, problem["code"].as_str().unwrap()), ("429", "rate.limited"));
        assert!(head.contains("retry-after: 1"), "{head}");
        // Other systems have no second address of this machine unless they are told to.
        #[cfg(target_os = "linux")]
        {
            let other = from("127.0.0.2", running.address, "/who").await;
            let text = timeout(LONG, answer(other)).await.unwrap();
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        }
    }
    for stream in &mut taken {
        ask_again(stream).await;
    }
    drop(taken);
    let again =
        async { while !answer(ask(running.address, "/who").await).await.starts_with("HTTP/1.1 200") {} };
    timeout(LONG, again).await.expect("there is a place again");
}

/// A request from another address of this machine.
#[cfg(target_os = "linux")]
async fn from(own: &str, to: std::net::SocketAddr, path: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((own.parse::<std::net::Ipv4Addr>().unwrap(), 0).into()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Also what is answered before it is a request.
#[tokio::test]
async fn whoever_is_turned_away_is_told_to_come_by_tls_as_well() {
    let web = WebPolicy::default().with_hsts(Duration::from_secs(31_536_000));
    let limits = Limits { connections: 1, header: SHORT, ..Limits::default() };
    let running = run_for(limits, web).await;
    let hsts = "strict-transport-security: max-age=31536000; includeSubDomains";
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /who HTTP/1.1\r\nx-slow: ").await.unwrap();
    let text = loop {
        let text = timeout(LONG, answer(ask(running.address, "/who").await)).await.unwrap();
        if !text.starts_with("HTTP/1.1 200") {
            break text;
        }
    };
    assert!(text.starts_with("HTTP/1.1 503") && text.contains(hsts), "{text}");
    let text = timeout(LONG, answer(slow)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 408") && text.contains(hsts), "{text}");
}
