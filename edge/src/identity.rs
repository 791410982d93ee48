//! Who is asking.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::{Bearer, EdgeState, Permission, Problem, Role, TenantId};

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
        let bearer = Bearer::from_request_parts(parts, state).await?;
        // A key is good for permissions that it names, and here none is asked for.
        if bearer.is_by_key() { Err(Problem::token_invalid()) } else { Ok(bearer.into_identity()) }
    }
}
