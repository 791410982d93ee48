//! Passwords that leaked somewhere: a service that knows them is asked, and learns neither the password nor its digest.
//!
//! It is asked for all digests that begin like that of the password (k-anonymity), by the protocol of Have I Been Pwned.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, StatusCode, Url};
use sha1::{Digest as _, Sha1};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Password;

/// How long the service may take to be connected to; to answer; and how long one waits for one's turn.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(3);
/// Bytes of an answer. That of Have I Been Pwned has some 80,000.
const SIZE: usize = 512 * 1024;
/// Requests at a time.
const AT_ONCE: usize = 8;
/// Hexadecimal digits of SHA-1 that the service is told, and those that it tells.
const TOLD: usize = 5;
const REST: usize = 35;

/// Asks the service. Clones share connections.
#[derive(Clone)]
pub struct LeakedPasswords {
    client: Client,
    ranges: Url,
    turns: Arc<Semaphore>,
}

/// Text that names no service.
#[derive(Debug, thiserror::Error)]
pub enum NoRangeService {
    /// It is no URL, or has more than a path.
    #[error(
        "must look like https://api.pwnedpasswords.com/range/, or http://127.0.0.1:8000/range/ on this machine"
    )]
    Malformed,
    /// There is no client for it.
    #[error("no client can be made")]
    Client(#[source] reqwest::Error),
}

/// Why nobody can tell whether a password leaked.
#[derive(Debug, thiserror::Error)]
pub enum LeakedError {
    /// Too many ask at once.
    #[error("too many ask the service of leaked passwords at once")]
    Busy,
    /// It took too long.
    #[error("the service of leaked passwords takes too long")]
    Slow,
    /// It answered with another status than 200.
    #[error("the service of leaked passwords answers {0}")]
    Status(StatusCode),
    /// It answered more than there can be.
    #[error("the service of leaked passwords answers too much")]
    TooMuch,
    /// It answered something else than digests and counts.
    #[error("the service of leaked passwords answers something else")]
    Malformed,
    /// There is no connection, or it broke.
    #[error("the service of leaked passwords cannot be reached")]
    Transport(#[source] reqwest::Error),
}

impl LeakedPasswords {
    /// Asks the service whose ranges are below this URL.
    ///
    /// # Errors
    /// It is no URL by https, or by http on this machine; or there is no client.
    pub fn at(url: &str) -> Result<Self, NoRangeService> {
        Self::trusting(url, None)
    }

    /// The same; it may have a certificate of these authorities, in PEM, or a public one.
    ///
    /// # Errors
    /// As [`LeakedPasswords::at`], or the authorities are none.
    pub fn trusting(url: &str, authority: Option<&[u8]>) -> Result<Self, NoRangeService> {
        let mut ranges = Url::parse(url).map_err(|_| NoRangeService::Malformed)?;
        let is_here = matches!(ranges.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_safe = ranges.scheme() == "https" || (ranges.scheme() == "http" && is_here);
        let is_bare = ranges.username().is_empty()
            && ranges.password().is_none()
            && ranges.query().is_none()
            && ranges.fragment().is_none();
        if !is_safe || !is_bare {
            return Err(NoRangeService::Malformed);
        }
        if !ranges.path().ends_with('/') {
            ranges.set_path(&format!("{}/", ranges.path()));
        }
        // Who watches the wire is not to tell by the size of an answer which range it was.
        let (name, value) = (HeaderName::from_static("add-padding"), HeaderValue::from_static("true"));
        let mut client = ClientBuilder::new()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent("crm-portal")
            .default_headers(HeaderMap::from_iter([(name, value)]));
        let authority = Certificate::from_pem_bundle(authority.unwrap_or_default());
        for certificate in authority.map_err(NoRangeService::Client)? {
            client = client.add_root_certificate(certificate);
        }
        let client = client.build().map_err(NoRangeService::Client)?;
        Ok(Self { client, ranges, turns: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Whether a password is one that leaked.
    ///
    /// # Errors
    /// The service does not tell.
    pub async fn contain(&self, password: &Password) -> Result<bool, LeakedError> {
        // A key of the protocol, to look up by: nothing is made safe by it.
        let digest = format!("{:X}", Sha1::digest(password.as_str().as_bytes()));
        let (told, rest) = digest.split_at(TOLD);
        let _turn = timeout(ANSWER, self.turns.acquire()).await.map_err(|_| LeakedError::Busy)?;
        let range = timeout(ANSWER, self.range(told)).await.map_err(|_| LeakedError::Slow)??;
        is_in(&range, rest)
    }

    async fn range(&self, told: &str) -> Result<Vec<u8>, LeakedError> {
        let url = self.ranges.join(told).map_err(|_| LeakedError::Malformed)?;
        let mut response = self.client.get(url).send().await.map_err(failure)?;
        if response.status() != StatusCode::OK {
            return Err(LeakedError::Status(response.status()));
        }
        let mut range = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if range.len() + chunk.len() > SIZE {
                return Err(LeakedError::TooMuch);
            }
            range.extend_from_slice(&chunk);
        }
        Ok(range)
    }
}

/// The URL has a part of a digest.
fn failure(error: reqwest::Error) -> LeakedError {
    if error.is_timeout() { LeakedError::Slow } else { LeakedError::Transport(error.without_url()) }
}

/// Whether a range has the rest of a digest, with a count: those without one are padding. All of its lines are read, so that an answer of
/// somebody else, such as a page that asks to sign in to a network, is not taken for one without the digest. No range is empty.
fn is_in(range: &[u8], rest: &str) -> Result<bool, LeakedError> {
    let text = std::str::from_utf8(range).map_err(|_| LeakedError::Malformed)?;
    let (mut lines, mut found) = (0, false);
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (other, count) = line.split_once(':').ok_or(LeakedError::Malformed)?;
        let count: u64 = count.parse().map_err(|_| LeakedError::Malformed)?;
        if other.len() != REST || !other.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(LeakedError::Malformed);
        }
        found |= count > 0 && other.eq_ignore_ascii_case(rest);
        lines += 1;
    }
    if lines == 0 { Err(LeakedError::Malformed) } else { Ok(found) }
}

impl fmt::Debug for LeakedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeakedPasswords").field("ranges", &self.ranges.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST_OF_IT: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";
    const OTHER: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";

    #[test]
    fn a_digest_is_found_by_its_rest_and_padding_is_nobodys() {
        let told = |range: &str| is_in(range.as_bytes(), REST_OF_IT).ok();
        assert_eq!(told(&format!("{OTHER}:2\r\n{REST_OF_IT}:1")), Some(true));
        assert_eq!(told(&format!("{}:7\n", REST_OF_IT.to_lowercase())), Some(true));
        assert_eq!(told(&format!("{OTHER}:2\r\n{REST_OF_IT}:0\r\n")), Some(false));
        assert_eq!(told(&format!("{OTHER}:2")), Some(false));
    }

    #[test]
    fn what_is_no_range_tells_nothing() {
        let short = &OTHER[1..];
        for bad in [
            String::new(),
            "\r\n".to_owned(),
            "<html>Sign in to this network</html>".to_owned(),
            OTHER.to_owned(),
            format!("{OTHER}:"),
            format!("{OTHER}:many"),
            format!("{OTHER}:-1"),
            format!("{short}:1"),
            format!("{REST_OF_IT}:1\n{short}X:1"),
        ] {
            assert!(matches!(is_in(bad.as_bytes(), REST_OF_IT), Err(LeakedError::Malformed)), "{bad}");
        }
        assert!(is_in(b"\xff", REST_OF_IT).is_err());
    }

    #[test]
    fn a_service_is_named_by_https_or_is_on_this_machine() {
        for (good, ranges) in [
            ("https://api.pwnedpasswords.com/range/", "https://api.pwnedpasswords.com/range/"),
            ("https://leaked.intern:8443/range", "https://leaked.intern:8443/range/"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
            ("http://[::1]:8000", "http://[::1]:8000/"),
        ] {
            assert_eq!(LeakedPasswords::at(good).unwrap().ranges.as_str(), ranges);
        }
        for bad in [
            "",
            "api.pwnedpasswords.com/range/",
            "http://api.pwnedpasswords.com/range/",
            "http://localhost.example/",
            "https://user:word@leaked.intern/",
            "https://leaked.intern/?range=",
            "https://leaked.intern/#range",
            "file:///etc/passwd",
        ] {
            assert!(matches!(LeakedPasswords::at(bad), Err(NoRangeService::Malformed)), "{bad}");
        }
    }
}
