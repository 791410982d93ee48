//! What browsers are told about every answer, and the sites whose pages may read them.

use std::time::Duration;

use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::Origins;
use crate::headers::{IDEMPOTENCY_KEY, X_CSRF_TOKEN, X_MIN_POSITION, X_POSITION, X_QUERY, X_REQUEST_ID};

/// How long a browser may remember what a site may send.
const PREFLIGHT: Duration = Duration::from_secs(600);

/// Headers of every answer, unless a route has its own: it is what its type says, no page, in no frame, and nothing that a page
/// of another origin may embed; and no address from here goes elsewhere.
pub(crate) const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Whose pages may call, whether browsers must come by TLS from then on, and whether URLs may name people.
#[derive(Clone, Debug, Default)]
pub struct WebPolicy {
    origins: Origins,
    hsts: Option<Hsts>,
    names: Names,
}

/// Whether URLs may name people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Names {
    /// They may; `X-Query` is there for whoever does not want that.
    #[default]
    InUrls,
    /// They may not: names come by `X-Query`.
    ByHeader,
}

/// For how long browsers come by TLS only, and whether to hosts below this one as well.
#[derive(Clone, Copy, Debug)]
struct Hsts {
    max_age: Duration,
    subdomains: bool,
}

impl WebPolicy {
    /// Lets pages of these origins call, with cookies; without any, only pages of this one can.
    #[must_use]
    pub fn with_origins(self, origins: Origins) -> Self {
        Self { origins, ..self }
    }

    /// Has browsers come by TLS only for so long (RFC 6797), to this host and all below it. Not for services that clients reach
    /// without it.
    #[must_use]
    pub fn with_hsts(self, max_age: Duration) -> Self {
        Self { hsts: Some(Hsts { max_age, subdomains: true }), ..self }
    }

    /// The same for this host alone, since browsers are to reach one below it without TLS.
    #[must_use]
    pub fn without_subdomains(self) -> Self {
        Self { hsts: self.hsts.map(|hsts| Hsts { subdomains: false, ..hsts }), ..self }
    }

    /// Refuses URLs that may name people, since they get into logs and histories: searches, filters and cursors come by `X-Query`.
    #[must_use]
    pub fn without_names_in_urls(self) -> Self {
        Self { names: Names::ByHeader, ..self }
    }

    pub(crate) fn names(&self) -> Names {
        self.names
    }

    pub(crate) fn hsts(&self) -> Option<HeaderValue> {
        let Hsts { max_age, subdomains } = self.hsts?;
        let rest = if subdomains { "; includeSubDomains" } else { "" };
        HeaderValue::from_str(&format!("max-age={}{rest}", max_age.as_secs())).ok()
    }

    /// The layer that tells browsers so; none if no other origin may call.
    pub(crate) fn cors(&self) -> Option<CorsLayer> {
        let origins = self.origins.headers();
        (!origins.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(AllowOrigin::list(origins))
                .allow_credentials(true)
                .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
                .allow_headers([
                    ACCEPT,
                    AUTHORIZATION,
                    CONTENT_TYPE,
                    IF_MATCH,
                    IDEMPOTENCY_KEY,
                    X_CSRF_TOKEN,
                    X_MIN_POSITION,
                    X_QUERY,
                    X_REQUEST_ID,
                    HeaderName::from_static("traceparent"),
                ])
                .expose_headers([
                    ETAG,
                    LOCATION,
                    RETRY_AFTER,
                    WWW_AUTHENTICATE,
                    X_POSITION,
                    X_REQUEST_ID,
                    HeaderName::from_static("cache-status"),
                    HeaderName::from_static("idempotent-replayed"),
                ])
                .max_age(PREFLIGHT)
        })
    }
}
