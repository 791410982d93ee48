//! Permissions as types: each API declares its own, and a handler that names one cannot be reached without it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::{Asker, Bearer, EdgeState, Identity, Problem, Reach, Role, Sight};

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

/// Proof that the caller is known and has permission `P`. Reads like the [`Permitted`] caller.
///
/// Answers 401 to the unknown and 403 to those without it. List it first among the arguments of a handler, so that
/// neither path nor body is looked at before.
pub struct Permit<P> {
    permitted: Permitted,
    permission: PhantomData<fn() -> P>,
}

/// A caller, and how far the permission reaches that a route asked for. Reads like the [`Identity`] of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    identity: Identity,
    reach: Reach,
    sight: Sight,
}

impl<P: Permission> Permit<P> {
    /// A permit for `identity`, if one of its roles has the permission.
    ///
    /// # Errors
    /// The 403 problem.
    pub fn of(identity: Identity) -> Result<Self, Problem> {
        let reach = identity.reach(P::NAME, P::ROLES).ok_or_else(|| Problem::forbidden(P::NAME))?;
        let sight = identity.sight(P::NAME, P::ROLES);
        Ok(Self { permitted: Permitted { identity, reach, sight }, permission: PhantomData })
    }
}

impl<P> Permit<P> {
    /// The caller.
    pub fn into_permitted(self) -> Permitted {
        self.permitted
    }
}

impl Permitted {
    /// Whose records the permission is about.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Which fields of them the permission shows.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Which fields the caller is shown by another permission; all, as far as that is concerned, without it.
    pub fn sight_with(&self, permission: &str, roles: &[Role]) -> Sight {
        self.identity.sight(permission, roles)
    }

    /// The caller, and whose records the permission is about.
    pub fn into_parts(self) -> (Identity, Reach) {
        (self.identity, self.reach)
    }
}

impl Deref for Permitted {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<P> Deref for Permit<P> {
    type Target = Permitted;

    fn deref(&self) -> &Permitted {
        &self.permitted
    }
}

impl<P> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.permitted).finish()
    }
}

impl<P: Permission, S: EdgeState> FromRequestParts<S> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Asker::in_request(parts).needs(P::NAME);
        Bearer::from_request_parts(parts, state).await?.permit()
    }
}
