//! Requests to providers: where an operator lets them go, by TLS, straight there, and bounded in time, size and number.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use openidconnect::url::{Host, Url};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::public::is_public;

/// How long a provider may take to be connected to, and to answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const SIZE: usize = 256 * 1024;
/// Requests to one origin at a time.
const AT_ONCE: usize = 8;
/// Origins of which that is counted.
const ORIGINS: u64 = 10_000;

/// Sends requests to providers. Clones share connections.
#[derive(Clone)]
pub(crate) struct Web {
    /// To whatever is public.
    public: Client,
    /// To what an operator has named.
    named: Client,
    origins: Arc<BTreeSet<String>>,
    asks_public: bool,
    turns: Cache<String, Arc<Semaphore>>,
}

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// To where no operator has said that requests may go.
    #[error("an origin of it is none that may be asked")]
    Unnamed,
    /// Not by TLS.
    #[error("a URL of it does not begin with https")]
    Scheme,
    /// To a machine that is not public.
    #[error("an address of it is not public")]
    Private,
    /// To nowhere.
    #[error("a URL of it is none")]
    Malformed,
    /// More than an answer may have.
    #[error("it answers too much")]
    TooMuch,
    /// Too many ask it at once.
    #[error("too many ask it at once")]
    Busy,
    /// It took too long.
    #[error("it takes too long")]
    Slow,
    /// It says that it cannot, now.
    #[error("it fails")]
    Failing,
    /// There is no connection, or it broke.
    #[error("it cannot be reached")]
    Transport(#[source] reqwest::Error),
}

/// Text that is no origin of a provider.
#[derive(Debug, thiserror::Error)]
#[error("must look like https://login.company.example, or http://127.0.0.1:9000 on this machine")]
pub struct NoOrigin;

impl AskError {
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unnamed => "an origin of it is none that may be asked",
            Self::Scheme => "a URL of it does not begin with https",
            Self::Private => "an address of it is not public",
            Self::Malformed => "a URL of it is none",
            Self::TooMuch => "it answers too much",
            Self::Busy => "too many ask it at once",
            Self::Slow => "it takes too long",
            Self::Failing => "it fails",
            Self::Transport(_) => "it cannot be reached",
        }
    }

    /// Whether a name led to an address that is not public.
    pub(crate) fn is_private(&self) -> bool {
        let mut error: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(one) = error {
            if matches!(one.downcast_ref(), Some(Self::Private)) {
                return true;
            }
            error = one.source();
        }
        false
    }
}

impl Web {
    /// For these origins, letter by letter, wherever they are; and perhaps for whatever is public. Those that are named may have
    /// certificates of these authorities, in PEM.
    pub fn new(
        origins: BTreeSet<String>,
        asks_public: bool,
        authority: Option<&[u8]>,
    ) -> Result<Self, reqwest::Error> {
        let client = || {
            // A proxy would look names up by itself, and lead to wherever it can.
            ClientBuilder::new().redirect(Policy::none()).no_proxy().connect_timeout(CONNECT).timeout(ANSWER)
        };
        let public = client().https_only(true).dns_resolver(Arc::new(PublicNames)).build()?;
        let mut named = client();
        for certificate in Certificate::from_pem_bundle(authority.unwrap_or_default())? {
            named = named.add_root_certificate(certificate);
        }
        let turns = Cache::builder().max_capacity(ORIGINS).build();
        Ok(Self { public, named: named.build()?, origins: Arc::new(origins), asks_public, turns })
    }

    /// Whether a URL may be asked, or a browser sent to it, as far as the URL tells.
    pub fn check(&self, url: &Url) -> Result<(), AskError> {
        if self.is_named(url) {
            return Ok(());
        }
        if !self.asks_public {
            return Err(AskError::Unnamed);
        }
        if url.scheme() != "https" {
            return Err(AskError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AskError::Malformed);
        }
        let is_public = match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(four)) => is_public(four.into()),
            Some(Host::Ipv6(six)) => is_public(six.into()),
            None => false,
        };
        if is_public { Ok(()) } else { Err(AskError::Private) }
    }

    /// Sends a request.
    pub async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| AskError::Malformed)?;
        self.check(&url)?;
        let client = if self.is_named(&url) { &self.named } else { &self.public };
        let turn =
            self.turns.get_with(url.origin().ascii_serialization(), || Arc::new(Semaphore::new(AT_ONCE)));
        let _turn = timeout(ANSWER, turn.acquire()).await.map_err(|_| AskError::Busy)?;
        timeout(ANSWER, answer(client, request)).await.map_err(|_| AskError::Slow)?
    }

    fn is_named(&self, url: &Url) -> bool {
        self.origins.contains(&url.origin().ascii_serialization())
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = AskError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AskError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// An origin that an operator names: by TLS, or on this machine.
pub(crate) fn origin(text: &str) -> Result<String, NoOrigin> {
    let url = Url::parse(text).map_err(|_| NoOrigin)?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(four)) => four.is_loopback(),
        Some(Host::Ipv6(six)) => six.is_loopback(),
        None => return Err(NoOrigin),
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let origin = url.origin().ascii_serialization();
    if is_safe && text.trim_end_matches('/') == origin { Ok(origin) } else { Err(NoOrigin) }
}

async fn answer(client: &Client, request: HttpRequest) -> Result<HttpResponse, AskError> {
    let request = reqwest::Request::try_from(request).map_err(|_| AskError::Malformed)?;
    let mut response = client.execute(request).await.map_err(transport)?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    if status.is_server_error() {
        return Err(AskError::Failing);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > SIZE {
            return Err(AskError::TooMuch);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = HttpResponse::new(body);
    (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
    Ok(answer)
}

/// Codes and secrets may be in URLs.
fn transport(error: reqwest::Error) -> AskError {
    AskError::Transport(error.without_url())
}

/// Looks names up, and goes on only if all of what they lead to is public. The connection is made to what was looked up here, so
/// nobody can change it in between.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            if !found.iter().all(|address| is_public(address.ip())) {
                return Err(AskError::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use embedded::testing::{Opening, TestAuthority, tls_before};

    use super::*;

    fn web() -> Web {
        Web::new(["http://127.0.0.1:9000".to_owned()].into(), true, None).unwrap()
    }

    fn checked(url: &str) -> Result<(), &'static str> {
        web().check(&Url::parse(url).unwrap()).map_err(|error| error.reason())
    }

    #[test]
    fn only_public_urls_by_tls_are_asked_and_those_that_were_named() {
        for good in ["https://login.engines.example/a", "https://1.1.1.1/", "http://127.0.0.1:9000/token"] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
        for (bad, error) in [
            ("http://login.engines.example", AskError::Scheme),
            ("http://127.0.0.1:9001/token", AskError::Scheme),
            ("http://localhost:9000", AskError::Scheme),
            ("https://127.0.0.1:9000", AskError::Private),
            ("https://127.1", AskError::Private),
            ("https://0x7f000001", AskError::Private),
            ("https://169.254.169.254/latest/meta-data", AskError::Private),
            ("https://[::1]/", AskError::Private),
            ("https://[::ffff:10.0.0.1]/", AskError::Private),
            ("file:///etc/passwd", AskError::Scheme),
            ("javascript:alert(1)", AskError::Scheme),
            ("https://user:word@login.engines.example", AskError::Malformed),
        ] {
            assert_eq!(checked(bad), Err(error.reason()), "{bad}");
        }
    }

    #[test]
    fn nobody_is_asked_whom_no_operator_has_named() {
        let web = Web::new(["https://login.engines.example".to_owned()].into(), false, None).unwrap();
        let checked = |url: &str| web.check(&Url::parse(url).unwrap()).map_err(|error| error.reason());
        assert_eq!(checked("https://login.engines.example/token"), Ok(()));
        for other in ["https://1.1.1.1/", "https://login.other.example", "https://login.engines.example:8443"]
        {
            assert_eq!(checked(other), Err(AskError::Unnamed.reason()), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_machine_of_ours_is_not_followed() {
        let request = http::Request::get("https://localhost:1/").body(Vec::new()).unwrap();
        let error = web().ask(request).await.unwrap_err();
        assert!(error.is_private(), "{error:?}");
        assert!(PublicNames.resolve("localhost".parse().unwrap()).await.is_err());
    }

    /// Says yes to whoever asks.
    async fn yes() -> SocketAddr {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes").await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_provider_that_is_named_may_be_of_an_authority_of_ones_own() {
        let (authority, other) = (TestAuthority::new(), TestAuthority::new());
        let before = tls_before(yes().await, &authority, Opening::None).await;
        let origin = format!("https://127.0.0.1:{}", before.port);
        let asked = async |trusted: Option<&TestAuthority>| {
            let pem = trusted.map(|authority| std::fs::read(authority.file()).unwrap());
            let web = Web::new([origin.clone()].into(), true, pem.as_deref()).unwrap();
            web.ask(http::Request::get(&origin).body(Vec::new()).unwrap()).await
        };
        assert_eq!(asked(Some(&authority)).await.unwrap().body(), b"yes");
        for trusted in [None, Some(&other)] {
            assert!(matches!(asked(trusted).await, Err(AskError::Transport(_))), "{trusted:?}");
        }
    }

    #[test]
    fn an_operator_names_origins_letter_by_letter() {
        for good in [
            "https://login.intern",
            "https://10.0.0.1:8443",
            "http://127.0.0.1:9000",
            "http://localhost:1",
            "http://[::1]:9000",
        ] {
            assert_eq!(origin(good).unwrap(), good);
        }
        for bad in ["http://login.intern", "http://10.0.0.1", "https://login.intern/path", "login.intern", ""]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
