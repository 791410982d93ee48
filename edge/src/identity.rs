//! Who is asking.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::token::TokenError;
use crate::{EdgeState, Permission, Problem, Role, TenantId};

/// The bearer of a valid token, and the tenant that all the request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who: the `sub` of the token, 1 to 255 characters without control characters.
    pub subject: String,
    /// The tenant.
    pub tenant: TenantId,
    /// The roles that are known here.
    pub roles: Vec<Role>,
}

impl Identity {
    /// Whether one of the roles has the permission.
    pub fn may<P: Permission>(&self) -> bool {
        self.has_any(P::ROLES)
    }

    /// Whether one of the roles is among `roles`.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

impl<S: EdgeState> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        state.token_keys().verify(token).map_err(|error| {
            tracing::debug!(%error, "token refused");
            if error == TokenError::Expired { Problem::token_expired() } else { Problem::token_invalid() }
        })
    }
}

/// The token of the only `Authorization` header (RFC 6750, section 2.1; the other ways of that section are not taken).
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
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
