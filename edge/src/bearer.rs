//! Whoever sends a token: an identity, and the session that the token was issued to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::revocation::Subject;
use crate::token::TokenError;
use crate::{EdgeState, Identity, Problem};

/// The bearer of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    identity: Identity,
    /// The subject as the id of a user, if it is one.
    user: Option<Uuid>,
    /// Seconds since 1970.
    issued_at: i64,
    sign_in: Option<SignIn>,
}

/// The session that a token was issued to, its claim `sign_in`. Tokens that others issue have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The session.
    pub session: Uuid,
    /// The version of the user whose roles the token carries.
    pub rights: i64,
}

impl Bearer {
    pub(crate) fn new(identity: Identity, issued_at: i64, sign_in: Option<SignIn>) -> Self {
        let user = Uuid::try_parse(&identity.subject).ok();
        Self { identity, user, issued_at, sign_in }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Who it is.
    pub fn into_identity(self) -> Identity {
        self.identity
    }

    /// The user and the session of a token that was issued on signing in here.
    pub fn signed_in(&self) -> Option<(Uuid, SignIn)> {
        self.user.zip(self.sign_in)
    }

    /// The same, with what the custom roles give that the token names.
    async fn with_rights(mut self, state: &impl EdgeState) -> Result<Self, Problem> {
        let identity = &mut self.identity;
        if identity.custom_roles.is_empty() {
            return Ok(self);
        }
        let Some(directory) = state.directory() else { return Ok(self) };
        // What is kept of roles and teams is as fresh as what is known of tokens.
        if let Some(revocations) = state.revocations() {
            revocations.news().await?;
        }
        let organisation = directory.of(identity.tenant).await.map_err(|source| {
            let detail = "What the roles of this token give cannot be told, since the log does not answer.";
            Problem::unavailable(Duration::from_secs(1), detail).with_source(source)
        })?;
        identity.rights = Some(Arc::new(organisation.rights(&identity.subject, &identity.custom_roles)));
        Ok(self)
    }

    fn subject(&self) -> Option<Subject> {
        let user = self.user?;
        Some(Subject { tenant: self.identity.tenant, user, issued_at: self.issued_at, sign_in: self.sign_in })
    }
}

impl<S: EdgeState> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = token(&parts.headers)?;
        let bearer = state.token_keys().verify(token).map_err(|error| {
            tracing::debug!(%error, "token refused");
            if error == TokenError::Expired { Problem::token_expired() } else { Problem::token_invalid() }
        })?;
        if let (Some(revocations), Some(subject)) = (state.revocations(), bearer.subject()) {
            revocations.check(&subject).await?;
        }
        bearer.with_rights(state).await
    }
}

/// The token of the only `Authorization` header (RFC 6750, section 2.1; the other ways of that section are not taken).
fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(Problem::unauthenticated)?;
    if values.next().is_some() {
        return Err(Problem::token_invalid());
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(Problem::unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated());
    }
    Ok(token.trim_matches(' '))
}
