//! The id by which one request is found again: in the answer, in the log, in the metadata of events.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::headers::X_REQUEST_ID;
use crate::{Asker, Problem, TraceParent};

/// The correlation id of a request: 1 to 64 characters of `A-Z a-z 0-9 - _ .`, so that it is harmless in logs.
///
/// It is the caller's `X-Request-Id` if that is valid, else the trace id of the caller's `traceparent`, else a new
/// UUIDv7. The answer carries it as `X-Request-Id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// What the headers of a request say, or a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        request_id(headers)
            .or_else(|| TraceParent::of(headers).map(|trace| Self(trace.trace_id())))
            .unwrap_or_else(Self::fresh)
    }

    /// A new one.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        // All characters of an id are visible ASCII, so the conversion cannot fail.
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn request_id(headers: &HeaderMap) -> Option<CorrelationId> {
    let text = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let valid = (1..=64).contains(&text.len()) && text.bytes().all(harmless);
    valid.then(|| CorrelationId(text.to_owned()))
}

impl<S: Sync> FromRequestParts<S> for CorrelationId {
    type Rejection = Problem;

    /// What [`crate::finish`] found; without that layer, what the headers say.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Asker>().map(|asker| asker.correlation_id().clone());
        Ok(known.unwrap_or_else(|| Self::of(&parts.headers)))
    }
}
