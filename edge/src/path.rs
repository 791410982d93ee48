//! Parameters of the path.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Typed parameters of the path. What does not parse is the ordinary 404: an id that is not an id names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Postgres cannot store NUL, so nothing has a name with one.
        if let Ok(raw) = RawPathParams::from_request_parts(parts, state).await
            && raw.iter().any(|(_, value)| value.contains('\0'))
        {
            return Err(Problem::not_found());
        }
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(refused))
                if refused.status().is_client_error() =>
            {
                Err(Problem::not_found())
            }
            // The route has no such parameter: our mistake.
            Err(mistake) => Err(Problem::internal(mistake)),
        }
    }
}
