//! Request headers with a meaning of ours, and the answers' counterparts.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{FieldError, Problem};

/// The header that makes a command safe to send twice.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header by which a read asks to see at least this position of the log.
pub const X_MIN_POSITION: HeaderName = HeaderName::from_static("x-min-position");
/// The header by which a read is asked what would else be in its URL.
pub const X_QUERY: HeaderName = HeaderName::from_static("x-query");
/// The header by which an answer tells a position of the log.
pub const X_POSITION: HeaderName = HeaderName::from_static("x-position");
/// The header that carries the correlation id both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header by which a page shows that it may act for whoever is signed in by cookie.
pub const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// The content type of every body here, ready to be put into a response tuple.
pub(crate) const JSON: [(HeaderName, HeaderValue); 1] =
    [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];

/// `Idempotency-Key`: 1 to 255 visible ASCII characters. Take it as `Option<IdempotencyKey>` where it may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// `If-Match`: the version that the caller has seen. Take it as `Option<IfMatch>`.
///
/// `"12"` and `W/"12"` both mean version 12: proxies that compress weaken the tag on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version, if only it exists.
    Any,
    /// This version and no other.
    Version(i64),
}

/// `X-Min-Position`: the position that a read must have reached. Take it as `Option<MinPosition>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MinPosition(pub i64);

impl IdempotencyKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl IfMatch {
    /// The version that is asked for, if one is.
    pub fn version(self) -> Option<i64> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }

    /// Compares with the present version.
    ///
    /// # Errors
    /// The 412 problem.
    pub fn check(self, present: i64) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Version(version) if version == present => Ok(()),
            Self::Version(_) => Err(Problem::stale_version()),
        }
    }
}

/// A header that names a version of a thing.
pub fn etag(version: i64) -> (HeaderName, HeaderValue) {
    let value = HeaderValue::from_str(&format!("\"{version}\""));
    (ETAG, value.unwrap_or(HeaderValue::from_static("\"0\"")))
}

/// A header that names a position in the log.
pub fn x_position(position: i64) -> (HeaderName, HeaderValue) {
    (X_POSITION, HeaderValue::from(position))
}

/// A header field that can be read from its one value.
pub(crate) trait Field: Sized {
    const NAME: HeaderName;
    /// The name as people write it.
    const WRITTEN: &'static str;
    /// What a value must be.
    const RULE: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

impl Field for IdempotencyKey {
    const NAME: HeaderName = IDEMPOTENCY_KEY;
    const WRITTEN: &'static str = "Idempotency-Key";
    const RULE: &'static str = "must be 1 to 255 visible ASCII characters";

    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

impl Field for IfMatch {
    const NAME: HeaderName = IF_MATCH;
    const WRITTEN: &'static str = "If-Match";
    const RULE: &'static str = "must be * or one ETag as it was received, such as \"12\"";

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let quoted = text.strip_prefix("W/").unwrap_or(text);
        natural(quoted.strip_prefix('"')?.strip_suffix('"')?).map(Self::Version)
    }
}

impl Field for MinPosition {
    const NAME: HeaderName = X_MIN_POSITION;
    const WRITTEN: &'static str = "X-Min-Position";
    const RULE: &'static str = "must be a whole number from 0";

    fn parse(text: &str) -> Option<Self> {
        natural(text).map(Self)
    }
}

/// A whole number from 0 in digits only: `parse` alone would take a sign.
fn natural(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The value of the header; none if it is absent.
pub(crate) fn read<F: Field>(headers: &HeaderMap) -> Result<Option<F>, Problem> {
    let mut values = headers.get_all(F::NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        let error = FieldError::new(F::WRITTEN, "duplicate", "must be sent once");
        return Err(Problem::invalid(vec![error]));
    }
    let parsed = value.to_str().ok().and_then(F::parse);
    parsed.map(Some).ok_or_else(|| Problem::invalid(vec![FieldError::new(F::WRITTEN, "invalid", F::RULE)]))
}

fn required<F: Field>(parts: &Parts) -> Result<F, Problem> {
    let missing = || Problem::invalid(vec![FieldError::new(F::WRITTEN, "required", "must be sent")]);
    read(&parts.headers)?.ok_or_else(missing)
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        required(parts)
    }
}
impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        read(&parts.headers)
    }
}
impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        required(parts)
    }
}
impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        read(&parts.headers)
    }
}
impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        required(parts)
    }
}
impl<S: Sync> OptionalFromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        read(&parts.headers)
    }
}
