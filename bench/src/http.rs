//! The client of HTTP: keep-alive connections that do little more than write and read.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Header fields of an answer that are read.
const MAX_HEADERS: usize = 64;

/// A connection that is used for one request after the other.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What is read of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The `X-Position` header.
    pub position: Option<i64>,
    pub body: Vec<u8>,
}

/// Where the parts of a complete answer are in the buffer.
struct Parsed {
    status: u16,
    position: Option<i64>,
    cache: Option<&'static str>,
    body: std::ops::Range<usize>,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request, and reads the answer to its end.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let Parsed { status, position, body, .. } = self.round_trip(request).await?;
        Ok(Answer { status, position, body: self.buffer[body].to_vec() })
    }

    /// The same, but of the answer only the status, and `hit` or `miss` if it says that of itself (RFC 9211).
    pub async fn status(&mut self, request: &[u8]) -> anyhow::Result<(u16, Option<String>)> {
        let Parsed { status, cache, .. } = self.round_trip(request).await?;
        Ok((status, cache.map(str::to_owned)))
    }

    async fn round_trip(&mut self, request: &[u8]) -> anyhow::Result<Parsed> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut wanted = 0;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            // A long body is not parsed again with each part of it that arrives.
            if self.buffer.len() < wanted {
                continue;
            }
            match parse(&self.buffer)? {
                Progress::Whole(parsed) => return Ok(parsed),
                Progress::Needs(length) => wanted = length,
            }
        }
    }
}

enum Progress {
    Whole(Parsed),
    /// At least so many bytes; 0 if that is not known yet.
    Needs(usize),
}

fn parse(bytes: &[u8]) -> anyhow::Result<Progress> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(Progress::Needs(0)) };
    let field = |name: &str| {
        let mut fields = response.headers.iter();
        let found = fields.find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let length: usize = field("content-length").context("an answer without Content-Length")?.parse()?;
    let end = head + length;
    if bytes.len() < end {
        return Ok(Progress::Needs(end));
    }
    let position = field("x-position").and_then(|value| value.parse().ok());
    let cache = field("cache-status").map(|value| if value.contains("hit") { "hit" } else { "miss" });
    let status = response.code.unwrap_or_default();
    Ok(Progress::Whole(Parsed { status, position, cache, body: head..end }))
}

/// A request as bytes.
pub fn request(method: &str, path: &str, token: &str, more: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n");
    for (name, value) in more {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text + "\r\n" + body
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn answers_are_read_to_their_end_however_they_arrive() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 1024];
            for parts in [
                vec!["HTTP/1.1 201 Created\r\nX-Posi", "tion: 12\r\ncontent-length: 5\r\n\r\nhe", "llo"],
                vec!["HTTP/1.1 503 No\r\nCache-Status: crm; hit\r\nContent-Length: 0\r\n\r\n"],
            ] {
                assert!(stream.read(&mut read).await.unwrap() > 0);
                for part in parts {
                    stream.write_all(part.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut connection = Connection::open(&address).await.unwrap();
        let first = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(first, Answer { status: 201, position: Some(12), body: b"hello".to_vec() });
        let second = connection.status(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(second, (503, Some("hit".to_owned())));
        server.await.unwrap();
        assert!(connection.status(b"GET / HTTP/1.1\r\n\r\n").await.is_err());
    }

    #[test]
    fn an_answer_is_not_whole_before_its_last_byte() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab";
        for length in 0..whole.len() {
            assert!(matches!(parse(&whole[..length]).unwrap(), Progress::Needs(_)), "{length}");
        }
        assert!(matches!(parse(whole).unwrap(), Progress::Whole(_)));
    }

    #[test]
    fn requests_name_the_length_of_their_body_in_bytes() {
        let text = request("POST", "/x", "t", &[("a", "b")], "{\"é\":1}");
        assert!(text.contains("a: b\r\n") && text.contains("content-length: 8\r\n"), "{text}");
        assert!(request("GET", "/x", "t", &[], "").ends_with("Bearer t\r\n\r\n"));
    }
}
