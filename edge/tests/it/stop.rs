//! The end of a server: what was accepted is finished, and nobody else is waited for.

use std::time::Duration;

use edge::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::{LONG, Running, answer, ask, kept_alive, refusal, run, run_within};

#[tokio::test]
async fn it_lets_requests_end_and_takes_no_more() {
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
async fn it_does_not_wait_for_idle_connections() {
    let running = run().await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /who HTTP/1.1\r\nhost: crm\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    running.stop.send(()).unwrap();
    timeout(Limits::default().stop / 2, running.server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn it_waits_no_longer_than_10_seconds() {
    let running = run().await;
    let _slow = ask(running.address, "/slow").await;
    running.begun.notified().await;
    // From here on the clock stands still, and jumps when everybody waits.
    tokio::time::pause();
    let told = tokio::time::Instant::now();
    running.stop.send(()).unwrap();
    timeout(LONG, running.server).await.unwrap().unwrap().unwrap();
    let waited = told.elapsed();
    assert!(waited < Limits::default().stop + Duration::from_secs(1), "{waited:?}");
}

/// A connection that has had an answer and then sends half of a header.
async fn slow_header(running: &Running) -> TcpStream {
    let mut stream = kept_alive(running.address).await;
    stream.write_all(b"GET /who HTTP/1.1\r\nx-slow: ").await.unwrap();
    stream
}

/// A connection that has sent half of a body; that the server waits for it is known from its go-ahead.
async fn slow_body(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let header = "POST /echo HTTP/1.1\r\nhost: crm\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n\
                  content-length: 9\r\n\r\n";
    stream.write_all(header.as_bytes()).await.unwrap();
    let mut go_ahead = [0; 25];
    stream.read_exact(&mut go_ahead).await.unwrap();
    assert_eq!(&go_ahead, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"\"half").await.unwrap();
    stream
}

#[tokio::test]
async fn it_waits_for_what_was_accepted_but_not_for_slow_clients() {
    let limits = Limits { hurry: Duration::from_millis(200), stop: LONG, ..Limits::default() };
    let running = run_within(limits).await;
    let (mut headers, mut bodies) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        headers.push(slow_header(&running).await);
        bodies.push(slow_body(&running).await);
    }
    let accepted = ask(running.address, "/slow").await;
    running.begun.notified().await;
    running.stop.send(()).unwrap();
    for mut header in headers {
        let mut rest = Vec::new();
        // Closed, or reset since half of a header was not read.
        let _end = timeout(LONG, header.read_to_end(&mut rest)).await.expect("the connection is closed");
        assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    }
    for body in bodies {
        let text = timeout(LONG, answer(body)).await.unwrap();
        let (status, head, problem) = refusal(&text);
        assert_eq!((status, problem["code"].as_str().unwrap()), ("503", "unavailable"));
        assert!(head.contains("retry-after: 1"), "{head}");
    }
    assert!(!running.server.is_finished());
    running.go_on.notify_one();
    assert!(answer(accepted).await.contains("\"data\":\"slow\""));
    timeout(LONG / 2, running.server).await.unwrap().unwrap().unwrap();
}
