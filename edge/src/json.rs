//! Bodies: JSON, strictly read, with every bad field named at once.
//!
//! Structs of bodies carry `#[serde(deny_unknown_fields)]`. They do without `#[serde(flatten)]`, `untagged` and inner
//! tags, since serde forgets inside of those where it is, and the error would name the whole instead of the field.

mod collect;
mod contract;
mod field_path;
mod plain;
mod strict;

use std::error::Error;
use std::time::Duration;

use axum::RequestExt;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::Problem;
use crate::server::Late;
pub(crate) use plain::plain;

/// Most bad fields that one answer names.
pub(crate) const MAX_ERRORS: usize = 100;

/// A typed body. The last argument of a handler.
///
/// Answers 400 to what is not JSON, 408 to what arrives too slowly, 413 above the limit of [`crate::finish`], 415 to another content type, and 422 with
/// every bad field. Take it as `Option<Json<T>>` where the body may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request).await.map(|(body, _)| Self(body))
    }
}

impl<T: DeserializeOwned + ToSchema + 'static, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        Ok(read_optional(request).await?.map(|(body, _)| Self(body)))
    }
}

/// Reads the body of a request as [`Json`] does, and tells the bytes that it came in.
///
/// # Errors
/// The problems of [`Json`].
pub async fn read<T: DeserializeOwned + ToSchema + 'static>(request: Request) -> Result<(T, Bytes), Problem> {
    check_media_type(request.headers())?;
    let bytes = collect_body(request).await?;
    Ok((from_bytes(&bytes)?, bytes))
}

/// The same of a body that may be absent.
///
/// # Errors
/// The problems of [`Json`].
pub async fn read_optional<T: DeserializeOwned + ToSchema + 'static>(
    request: Request,
) -> Result<Option<(T, Bytes)>, Problem> {
    if request.headers().contains_key(CONTENT_TYPE) {
        return read(request).await.map(Some);
    }
    if collect_body(request).await?.is_empty() { Ok(None) } else { Err(Problem::unsupported_media_type()) }
}

/// Reads a body that is in memory already, in the same way.
///
/// # Errors
/// The 400, 413 or 422 problem.
pub fn from_bytes<T: DeserializeOwned + ToSchema + 'static>(body: &[u8]) -> Result<T, Problem> {
    let parsed = strict::parse(body)?;
    collect::read(parsed).map_err(Problem::invalid)
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let written = types.next().and_then(|value| value.to_str().ok());
    let (Some(written), None) = (written, types.next()) else {
        return Err(Problem::unsupported_media_type());
    };
    let mut parts = written.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    let encoded = headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if is_json && is_utf8 && !encoded { Ok(()) } else { Err(Problem::unsupported_media_type()) }
}

/// The whole body, within the limit that the layer has set for this route.
async fn collect_body(request: Request) -> Result<Bytes, Problem> {
    let body = request.with_limited_body().into_body();
    to_bytes(body, usize::MAX).await.map_err(|error| {
        if cause::<LengthLimitError>(&error).is_some() {
            return Problem::too_large("The body is larger than this route takes; most take 1 MiB.");
        }
        match cause::<Late>(&error).copied() {
            Some(Late::Slow) => Problem::too_slow("The body of the request took too long to arrive."),
            Some(Late::Stopping) => Problem::unavailable(
                Duration::from_secs(1),
                "The server stops. Nothing was done; send it again.",
            ),
            None => Problem::unreadable("The body ended early.").with_source(error),
        }
    })
}

/// An error, or the first of its causes, that is of a kind.
fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    error.downcast_ref().or_else(|| error.source().and_then(cause))
}
