//! The end of a connection, such that the client can read what it was told.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::{RETRY_AFTER, STRICT_TRANSPORT_SECURITY};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Tls;
use super::wire::Wire;
use crate::metrics::turned_away;
use crate::web::ALWAYS;
use crate::{Failure, Problem, WebPolicy};

/// How long a client may take to read its farewell.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that are read of what a client still sends: it does not look for an answer before it has sent all of a body, so more than any
/// body that is too large by mistake.
const MAX_REST: u64 = 16 * 1024 * 1024;

/// What clients are told that never became one of a request.
#[derive(Clone, Debug)]
pub(super) struct Farewells {
    hsts: Option<HeaderValue>,
}

impl Farewells {
    pub fn new(web: &WebPolicy) -> Self {
        Self { hsts: web.hsts() }
    }

    /// Tells a client for whom there is no place when to come again, in a task of its own if there are not too many of them.
    pub fn turn_away(&self, stream: TcpStream, tls: Option<Tls>, places: &Arc<Semaphore>, problem: Problem) {
        turned_away();
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            let farewells = self.clone();
            tokio::spawn(async move {
                let wire = match tls {
                    None => Some(Wire::Plain(stream)),
                    Some(tls) => {
                        let shaken = timeout(PATIENCE, tls.accept(stream)).await;
                        shaken.ok().and_then(Result::ok).map(Wire::from)
                    }
                };
                if let Some(wire) = wire {
                    farewells.say(wire, &problem).await;
                }
                drop(place);
            });
        }
    }

    /// Tells a client what is wrong, and closes the connection.
    pub async fn say(&self, mut stream: Wire, problem: &Problem) {
        // A client that takes nothing of it is not told.
        if let Ok(Ok(())) = timeout(PATIENCE, stream.write_all(self.text(problem).as_bytes())).await {
            close(stream, true).await;
        }
    }

    fn text(&self, problem: &Problem) -> String {
        let status = problem.status();
        let body = serde_json::to_string(&Failure::new(problem.body().clone())).unwrap_or_default();
        let retry = problem
            .header(&RETRY_AFTER)
            .map_or_else(String::new, |after| format!("retry-after: {after}\r\n"));
        let hsts = self.hsts.iter().map(|hsts| (STRICT_TRANSPORT_SECURITY, hsts.clone()));
        let always: String = hsts
            .chain(ALWAYS)
            .map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap_or_default()))
            .collect();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             {retry}cache-control: no-store\r\n{always}connection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

/// Closes a connection. If the client may still be sending, that is read for a moment: the system would reset a
/// connection with something unread, and the client might lose its answer over that.
pub(super) async fn close(mut stream: Wire, unread: bool) {
    let is_told = matches!(timeout(PATIENCE, stream.shutdown()).await, Ok(Ok(())));
    if is_told && unread {
        let mut rest = stream.into_tcp().take(MAX_REST);
        let _ended = timeout(PATIENCE, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_farewell_is_a_whole_answer() {
        let web = WebPolicy::default().with_hsts(Duration::from_secs(60));
        let text = Farewells::new(&web).text(&Problem::unavailable(Duration::from_secs(7), "Not now."));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.contains("\r\nretry-after: 7\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        for name in [
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'",
            "strict-transport-security: max-age=60; includeSubDomains",
        ] {
            assert!(head.contains(name), "{head}");
        }
        assert!(!Farewells::new(&WebPolicy::default()).text(&Problem::full()).contains("strict-transport"));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "unavailable");
    }
}
