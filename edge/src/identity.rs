//! Who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::CustomRoleId;
use domain::identity::{Level, Rights};

use crate::{Bearer, EdgeState, Problem, Reach, Role, Sight, TenantId};

/// The bearer of a valid token, and the tenant that all the request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who: the `sub` of the token, 1 to 255 characters without control characters.
    pub subject: String,
    /// The tenant.
    pub tenant: TenantId,
    /// The roles that are known here.
    pub roles: Vec<Role>,
    /// The roles of those that the tenant has defined.
    pub custom_roles: Vec<CustomRoleId>,
    /// What the custom roles let the bearer do, once that was looked up.
    pub(crate) rights: Option<Arc<Rights>>,
}

impl Identity {
    /// Somebody in a tenant, in roles that every tenant has.
    pub fn new(subject: impl Into<String>, tenant: TenantId, roles: Vec<Role>) -> Self {
        Self { subject: subject.into(), tenant, roles, custom_roles: Vec::new(), rights: None }
    }

    /// The same, also in roles that the tenant has defined.
    #[must_use]
    pub fn with_custom_roles(self, custom_roles: Vec<CustomRoleId>) -> Self {
        Self { custom_roles, ..self }
    }

    /// What the custom roles let the bearer do; none if there are none.
    pub fn rights(&self) -> Option<&Arc<Rights>> {
        self.rights.as_ref()
    }

    /// How far one reaches with a permission that these roles have without limits; none without it.
    pub fn reach(&self, permission: &str, roles: &[Role]) -> Option<Reach> {
        if self.has_any(roles) {
            return Some(Reach::All);
        }
        let rights = self.rights.as_ref()?;
        Some(match rights.grants.get(permission)? {
            Level::All => Reach::All,
            Level::Team => Reach::Owners(Arc::clone(&rights.team)),
            Level::Own => Reach::Owners(Arc::clone(&rights.own)),
        })
    }

    /// Which fields one is shown with a permission that these roles have without limits.
    pub fn sight(&self, permission: &str, roles: &[Role]) -> Sight {
        match (self.reach(permission, roles), &self.rights) {
            (Some(reach), Some(rights)) if !self.has_any(roles) => Sight::new(rights, permission, &reach),
            _ => Sight::WHOLE,
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::identity::Grants;
    use uuid::Uuid;

    use super::*;

    fn sam(grants: &[(&str, Level)]) -> Identity {
        let grants: Grants = grants.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
        let own = Arc::new(BTreeSet::from(["sam".to_owned()]));
        let team = Arc::new(BTreeSet::from(["sam".to_owned(), "kim".to_owned()]));
        let sam = Identity::new("sam", TenantId::from_uuid(Uuid::from_u128(1)), vec![Role::Viewer]);
        Identity { rights: Some(Arc::new(Rights { grants, own, team, ..Rights::default() })), ..sam }
    }

    #[test]
    fn a_role_that_every_tenant_has_reaches_everything() {
        let sam = sam(&[("lead.read", Level::Own)]);
        assert_eq!(sam.reach("lead.read", &[Role::Viewer]), Some(Reach::All));
        assert_eq!(sam.reach("lead.correct", &[Role::Admin]), None);
    }

    #[test]
    fn a_custom_role_reaches_as_far_as_its_level() {
        let sam = sam(&[("a.own", Level::Own), ("a.team", Level::Team), ("a.all", Level::All)]);
        let covers = |permission| {
            let reach = sam.reach(permission, &[]).unwrap();
            [Some("sam"), Some("kim"), Some("joe"), None].map(|owner| reach.covers(owner))
        };
        assert_eq!(covers("a.own"), [true, false, false, false]);
        assert_eq!(covers("a.team"), [true, true, false, false]);
        assert_eq!(covers("a.all"), [true, true, true, true]);
        assert_eq!(sam.reach("a.none", &[]), None);
    }
}
