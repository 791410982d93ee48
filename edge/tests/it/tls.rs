//! TLS: who is let in, what is no TLS, and clients that are slow, too many, or there at the end.

use std::convert::Infallible;
use std::time::Duration;

use edge::{Limits, Tls, WebPolicy};
use embedded::testing::TestAuthority;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::server::{LONG, Running, answer, ask_again, refusal, run_by};

const HOST: &str = "crm.example";
/// What the server under test allows for a handshake, and for a header.
const SHORT: Duration = Duration::from_secs(2);
/// Clients whose handshake does not end.
const CLIENTS: usize = 300;
/// The beginning of a ClientHello of 512 bytes.
const HALF_A_HELLO: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

struct Secured {
    running: Running,
    authority: TestAuthority,
}

async fn run(limits: Limits) -> Secured {
    let authority = TestAuthority::new();
    let (certificate, key) = authority.issue(HOST);
    let tls = Tls::load(certificate, key).unwrap();
    Secured { running: run_by(limits, WebPolicy::default(), Some(tls)).await, authority }
}

impl Secured {
    async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.running.address).await.unwrap()
    }

    async fn try_connect(
        &self,
        trusted: &TestAuthority,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let host = ServerName::try_from(HOST).unwrap();
        TlsConnector::from(trusted.client(protocols)).connect(host, self.tcp().await).await
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        self.try_connect(&self.authority, &["http/1.1"]).await.unwrap()
    }

    /// A connection that has had an answer.
    async fn kept_alive(&self) -> TlsStream<TcpStream> {
        let mut stream = self.connect().await;
        ask_again(&mut stream).await;
        stream
    }

    async fn ask(&self, path: &str) -> TlsStream<TcpStream> {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

#[tokio::test]
async fn whoever_trusts_the_authority_is_answered_and_nobody_else_asks() {
    let secured = run(Limits::default()).await;
    let stream = secured.connect().await;
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let text = answer(secured.ask("/who").await).await;
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("\"data\":\"127.0.0.1\""), "{text}");

    let none = secured.try_connect(&secured.authority, &[]).await.unwrap();
    assert_eq!(none.get_ref().1.alpn_protocol(), None);
    let error = secured.try_connect(&secured.authority, &["h2"]).await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
    let error = secured.try_connect(&TestAuthority::new(), &[]).await.unwrap_err();
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
}

/// An alert that says `protocol_version`, if it comes before a reset.
async fn alert(mut stream: TcpStream, sent: &[u8]) -> Vec<u8> {
    stream.write_all(sent).await.unwrap();
    let mut said = Vec::new();
    let _reset = timeout(LONG, stream.read_to_end(&mut said)).await.expect("the connection is closed");
    said
}

#[tokio::test]
async fn what_is_no_tls_or_an_old_one_gets_no_answer() {
    let secured = run(Limits::default()).await;
    let said =
        alert(secured.tcp().await, b"GET /who HTTP/1.1\r\nhost: crm\r\nconnection: close\r\n\r\n").await;
    assert!(!said.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&said));
    // ClientHellos of TLS 1.0 and 1.1 with suites of their time, and of TLS 1.2 with one without forward secrecy.
    for (version, suite, told) in [(1, [0xc0, 0x09], 70), (2, [0xc0, 0x09], 70), (3, [0x00, 0x9c], 40)] {
        let extensions = [
            &[0, 10, 0, 4, 0, 2, 0, 23][..],
            &[0, 11, 0, 2, 1, 0],
            &[0, 13, 0, 4, 0, 2, 4, 3],
            &[0, 23, 0, 0],
        ]
        .concat();
        let mut hello = vec![3, version];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, suite[0], suite[1], 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
        hello.extend(extensions);
        let length = u8::try_from(hello.len()).unwrap();
        let record = [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
        let said = alert(secured.tcp().await, &record).await;
        assert_eq!(
            (said.first(), said.get(5..)),
            (Some(&0x15), Some(&[2, told][..])),
            "3.{version}: {said:?}"
        );
    }
}

/// A client that sends a handshake byte by byte, until the server hangs up.
async fn drop_by_drop(mut stream: TcpStream) {
    stream.write_all(&HALF_A_HELLO).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut drops = interval(Duration::from_millis(200));
    let sends = async {
        loop {
            drops.tick().await;
            if writing.write_all(&[0]).await.is_err() {
                return std::future::pending::<()>().await;
            }
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        _closed_or_reset = reading.read_to_end(&mut said) => {}
        () = sends => {}
    }
    assert!(said.is_empty(), "{said:?}");
}

async fn ask_on_and_on(secured: &Secured) -> Infallible {
    loop {
        let text = timeout(LONG, answer(secured.ask("/who").await)).await.expect("others are answered");
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_handshakes_that_come_drop_by_drop_are_cut_and_meanwhile_others_are_answered() {
    edge::server::open_files();
    let secured = run(Limits { handshake: SHORT, peer: usize::MAX, ..Limits::default() }).await;
    let begun = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..CLIENTS {
        slow.push(secured.tcp().await);
    }
    let all = join_all(slow.into_iter().map(drop_by_drop));
    let cut = async {
        tokio::select! {
            all = all => all.len(),
            never = ask_on_and_on(&secured) => match never {},
        }
    };
    assert_eq!(timeout(LONG, cut).await.expect("every slow client is cut"), CLIENTS);
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_slow_header_is_told_so_by_tls_and_an_idle_connection_is_closed_in_order() {
    let secured = run(Limits { header: SHORT, ..Limits::default() }).await;
    let mut slow = secured.connect().await;
    slow.write_all(b"GET /who HTTP/1.1\r\nx-slow: ").await.unwrap();
    let text = timeout(LONG, answer(slow)).await.unwrap();
    let (status, _, problem) = refusal(&text);
    assert_eq!((status, problem["code"].as_str().unwrap()), ("408", "request.too_slow"));
    // Without the goodbye of TLS, the end would be an error.
    let idle = secured.connect().await;
    assert_eq!(timeout(LONG, answer(idle)).await.unwrap(), "");
}

#[tokio::test]
async fn who_takes_nothing_of_the_answer_is_cut_by_tls_as_well() {
    let secured = run(Limits { stall: Duration::from_millis(300), ..Limits::default() }).await;
    let mut stalled = secured.ask("/endless").await;
    let mut first = [0; 15];
    stalled.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    timeout(LONG, secured.running.given_up.notified()).await.expect("the answer is given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_limits_are_told_so_by_tls() {
    for (limits, told) in [
        (Limits { connections: 3, ..Limits::default() }, ("503", "unavailable")),
        (Limits { peer: 3, ..Limits::default() }, ("429", "rate.limited")),
    ] {
        let secured = run(limits).await;
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(secured.kept_alive().await);
        }
        for _ in 0..10 {
            let text = timeout(LONG, answer(secured.connect().await)).await.unwrap();
            let (status, head, problem) = refusal(&text);
            assert_eq!((status, problem["code"].as_str().unwrap()), told);
            assert!(head.contains("retry-after: 1"), "{head}");
        }
        for stream in &mut taken {
            ask_again(stream).await;
        }
    }
}

#[tokio::test]
async fn a_certificate_that_changes_is_served_without_a_restart() {
    let secured = run(Limits::default()).await;
    let served = async || {
        let stream = secured.connect().await;
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let mut kept = secured.kept_alive().await;
    let first = served().await;
    secured.authority.issue(HOST);
    timeout(LONG, async { while served().await == first {} }).await.expect("the new one is served");
    // Connections of before go on.
    ask_again(&mut kept).await;
}

#[tokio::test]
async fn the_end_waits_for_answers_under_way_and_not_for_handshakes() {
    let limits =
        Limits { handshake: LONG, hurry: Duration::from_millis(200), stop: LONG, ..Limits::default() };
    let secured = run(limits).await;
    let slow = secured.ask("/slow").await;
    secured.running.begun.notified().await;
    let mut idle = secured.kept_alive().await;
    let mut shaking = secured.tcp().await;
    shaking.write_all(&HALF_A_HELLO).await.unwrap();
    let Secured { running, authority: _authority } = secured;
    running.stop.send(()).unwrap();
    let mut rest = Vec::new();
    // Reset, since its beginning was read and no more, or closed.
    let _end = timeout(LONG, shaking.read_to_end(&mut rest)).await.expect("the handshake is given up");
    assert!(rest.is_empty());
    timeout(LONG, idle.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(!running.server.is_finished());
    running.go_on.notify_one();
    assert!(answer(slow).await.contains("\"data\":\"slow\""));
    timeout(LONG / 2, running.server).await.unwrap().unwrap().unwrap();
}
