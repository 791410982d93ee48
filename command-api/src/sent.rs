//! A body with the bytes it came in, since a request that repeats an idempotency key must repeat its body.

use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use edge::Problem;
use edge::json::{read, read_optional};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::caller::Writable;

/// A typed body, read as strictly as [`edge::Json`] reads it. Take it as `Option<Sent<T>>` where the body may be absent.
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

    /// The same, if whoever sends it is shown all that it sets. Every command has its body from here.
    fn within(self, writable: Option<&Writable>) -> Result<Self, Problem> {
        writable.map_or(Ok(()), |writable| writable.check(&self.bytes))?;
        Ok(self)
    }
}

impl<T, S> FromRequest<S> for Sent<T>
where
    T: DeserializeOwned + ToSchema + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Problem> {
        let writable = request.extensions_mut().remove();
        let (body, bytes) = read(request).await?;
        Self { body, bytes }.within(writable.as_ref())
    }
}

impl<T, S> OptionalFromRequest<S> for Sent<T>
where
    T: DeserializeOwned + ToSchema + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &S) -> Result<Option<Self>, Problem> {
        let writable = request.extensions_mut().remove();
        let sent = read_optional(request).await?;
        sent.map(|(body, bytes)| Self { body, bytes }.within(writable.as_ref())).transpose()
    }
}
