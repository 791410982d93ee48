//! Whoever sends a token: an identity, and the session that the token was issued to.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::revocation::Subject;
use crate::token::TokenError;
use crate::{EdgeState, Identity, Problem, cookie, csrf};

/// The bearer of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    identity: Identity,
    /// The subject as the id of a user, if it is one.
    user: Option<Uuid>,
    /// Seconds since 1970.
    issued_at: i64,
    sign_in: Option<SignIn>,
    /// Whether a browser sent it of its own accord.
    by_cookie: bool,
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
        Self { identity, user, issued_at, sign_in, by_cookie: false }
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

    /// Whether the token came as a cookie.
    pub fn is_by_cookie(&self) -> bool {
        self.by_cookie
    }

    /// Whether the subject may be the id of a user.
    pub(crate) fn is_of_a_user(&self) -> bool {
        self.user.is_some()
    }

    fn subject(&self) -> Option<Subject> {
        let user = self.user?;
        Some(Subject { tenant: self.identity.tenant, user, issued_at: self.issued_at, sign_in: self.sign_in })
    }
}

impl<S: EdgeState> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let sent = Sent::of(&parts.headers)?;
        let mut bearer = state.token_keys().verify(sent.token()).map_err(|error| {
            tracing::debug!(%error, "token refused");
            if error == TokenError::Expired { Problem::token_expired() } else { Problem::token_invalid() }
        })?;
        if let (Some(revocations), Some(subject)) = (state.revocations(), bearer.subject()) {
            revocations.check(&subject).await?;
        }
        if let Sent::ByCookie(_) = sent {
            // No other token was ever made for a cookie.
            let (_, SignIn { session, .. }) = bearer.signed_in().ok_or_else(Problem::token_invalid)?;
            bearer.by_cookie = true;
            if !csrf::is_safe(&parts.method) {
                csrf::check_origin(&parts.headers, state.origins())?;
                csrf::check_token(&parts.headers, state.token_keys(), bearer.identity.tenant, session)?;
            }
        }
        Ok(bearer)
    }
}

/// A token, and how it came.
enum Sent<'h> {
    ByHeader(&'h str),
    ByCookie(&'h str),
}

impl<'h> Sent<'h> {
    /// What a client says itself counts before what a browser sends along.
    fn of(headers: &'h HeaderMap) -> Result<Self, Problem> {
        if headers.contains_key(AUTHORIZATION) {
            return token(headers).map(Self::ByHeader);
        }
        let cookie = cookie::read(headers, cookie::ACCESS).map_err(|_| Problem::token_invalid())?;
        cookie.map(Self::ByCookie).ok_or_else(Problem::unauthenticated)
    }

    fn token(&self) -> &'h str {
        match self {
            Self::ByHeader(token) | Self::ByCookie(token) => token,
        }
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
