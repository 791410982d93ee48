//! A body with the bytes it came in, since a request that repeats an idempotency key must repeat its body.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use edge::{Json, Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::caller::Writable;

/// A typed body, read as strictly as [`Json`] reads it. Take it as `Option<Sent<T>>` where the body may be absent.
#[derive(Clone, Debug, Default)]
pub struct Sent<T> {
    /// What it says.
    pub body: T,
    bytes: Bytes,
}

impl<T> Sent<T> {
    /// The body in one form for all that mean the same JSON: keys in order, no white space.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        // It was read as JSON before; only an absent body is none.
        let value: Option<Value> = serde_json::from_slice(&self.bytes).ok();
        value.map(|value| value.to_string().into_bytes()).unwrap_or_default()
    }
}

impl<T, S> FromRequest<S> for Sent<T>
where
    T: DeserializeOwned + ToSchema + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (bytes, request) = buffered(request, state).await?;
        let writable = request.extensions().get::<Writable>().cloned();
        let Json(body) = <Json<T> as FromRequest<S>>::from_request(request, state).await?;
        check(writable.as_ref(), &bytes)?;
        Ok(Self { body, bytes })
    }
}

impl<T, S> OptionalFromRequest<S> for Sent<T>
where
    T: DeserializeOwned + ToSchema + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let (bytes, request) = buffered(request, state).await?;
        let writable = request.extensions().get::<Writable>().cloned();
        let body = <Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
        if body.is_some() {
            check(writable.as_ref(), &bytes)?;
        }
        Ok(body.map(|Json(body)| Self { body, bytes }))
    }
}

/// Makes sure that whoever sends a body is shown all that it sets. Every command has its body from here.
fn check(writable: Option<&Writable>, bytes: &[u8]) -> Result<(), Problem> {
    writable.map_or(Ok(()), |writable| writable.check(bytes))
}

/// The bytes of the body, and the request with the same body to be read again.
async fn buffered<S: Send + Sync>(request: Request, state: &S) -> Result<(Bytes, Request), Problem> {
    let (parts, body) = request.into_parts();
    let read = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
    let bytes = read.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("The body is larger than this route takes."),
        _ => Problem::unreadable("The body ended early."),
    })?;
    let again = Request::from_parts(parts, Body::from(bytes.clone()));
    Ok((bytes, again))
}
