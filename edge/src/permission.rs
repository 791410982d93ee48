//! Permissions as types: each API declares its own, and a handler that names one cannot be reached without it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::{Bearer, EdgeState, Identity, Problem, Role};

/// A permission, declared by the API that asks for it:
///
/// ```
/// use edge::{Permission, Role};
///
/// /// To capture leads.
/// enum CaptureLead {}
/// impl Permission for CaptureLead {
///     const NAME: &'static str = "lead.capture";
///     const ROLES: &'static [Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep];
/// }
/// ```
pub trait Permission: 'static {
    /// Its stable name, `<aggregate>.<action>`, which the 403 tells.
    const NAME: &'static str;
    /// The roles that have it.
    const ROLES: &'static [Role];
}

/// Proof that the caller is known and has permission `P`. Reads like the [`Identity`] of the caller.
///
/// Answers 401 to the unknown and 403 to those without it. List it first among the arguments of a handler, so that
/// neither path nor body is looked at before.
pub struct Permit<P> {
    identity: Identity,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Permit<P> {
    /// A permit for `identity`, if one of its roles has the permission.
    ///
    /// # Errors
    /// The 403 problem.
    pub fn of(identity: Identity) -> Result<Self, Problem> {
        if identity.may::<P>() {
            Ok(Self { identity, permission: PhantomData })
        } else {
            Err(Problem::forbidden(P::NAME))
        }
    }
}

impl<P> Permit<P> {
    /// The caller.
    pub fn into_identity(self) -> Identity {
        self.identity
    }
}

impl<P> Deref for Permit<P> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<P> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.identity).finish()
    }
}

impl<P: Permission, S: EdgeState> FromRequestParts<S> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Bearer::from_request_parts(parts, state).await?.permit()
    }
}
