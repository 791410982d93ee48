//! What makes two questions the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Uri;
use domain::identity::Rights;
use edge::{Permitted, Reach, Role};
use uuid::Uuid;

/// A question and all about the one who asks that the answer may depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    tenant: Uuid,
    roles: Vec<Role>,
    /// What custom roles give, on which links depend.
    rights: Option<Arc<Rights>>,
    /// Whose records the answer may be about.
    reach: Reach,
    /// Whether the answer tells how fresh it is, as it does whoever asks for a position.
    tells: bool,
    /// Path and query as they were sent, what came by `X-Query` included.
    target: String,
}

impl Key {
    pub(crate) fn new(caller: &Permitted, tells: bool, uri: &Uri) -> Self {
        Self {
            tenant: caller.tenant.into(),
            roles: caller.roles.clone(),
            rights: caller.rights().cloned(),
            reach: caller.reach().clone(),
            tells,
            target: uri.path_and_query().map_or(uri.path(), |target| target.as_str()).to_owned(),
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let owners = |owners: &BTreeSet<String>| owners.iter().map(|owner| owner.len() + 32).sum::<usize>();
        let rights = self.rights.as_ref().map_or(0, |rights| owners(&rights.team) + rights.grants.len() * 64);
        let reach = match &self.reach {
            Reach::All => 0,
            Reach::Owners(reached) => owners(reached),
        };
        self.target.len() + rights + reach
    }
}

#[cfg(test)]
mod tests {
    use edge::{Identity, Permission, Permit, TenantId};

    use super::*;

    /// What everybody may do.
    enum Look {}
    impl Permission for Look {
        const NAME: &'static str = "look";
        const ROLES: &'static [Role] = Role::ALL;
    }

    fn caller(subject: &str, tenant: u128, roles: &[Role]) -> Permitted {
        let tenant = TenantId::from_uuid(Uuid::from_u128(tenant));
        Permit::<Look>::of(Identity::new(subject, tenant, roles.to_vec())).unwrap().into_permitted()
    }

    #[test]
    fn tenant_roles_and_every_letter_of_the_question_count() {
        let key =
            |caller: &Permitted, tells, uri: &'static str| Key::new(caller, tells, &Uri::from_static(uri));
        let sam = caller("sam", 1, &[Role::Viewer]);
        let known = key(&sam, false, "/leads?q=a");
        assert_eq!(known, key(&caller("kim", 1, &[Role::Viewer]), false, "/leads?q=a"));
        assert_ne!(known, key(&caller("sam", 2, &[Role::Viewer]), false, "/leads?q=a"));
        assert_ne!(known, key(&caller("sam", 1, &[Role::Viewer, Role::Auditor]), false, "/leads?q=a"));
        assert_ne!(known, key(&sam, true, "/leads?q=a"));
        assert_ne!(known, key(&sam, false, "/leads?q=b"));
        assert_ne!(known, key(&sam, false, "/leads"));
        // Links tell what came by the URL from what came by the header.
        assert_ne!(known, key(&sam, false, "/leads?&&q=a"));
    }

    #[test]
    fn whose_records_the_answer_is_about_counts() {
        let sam = caller("sam", 1, &[Role::Viewer]);
        let uri = Uri::from_static("/leads");
        let everything = Key::new(&sam, false, &uri);
        let some = |owners: &[&str]| {
            let owners = owners.iter().map(ToString::to_string).collect();
            Key { reach: Reach::Owners(Arc::new(owners)), ..everything.clone() }
        };
        assert_ne!(everything, some(&["sam"]));
        assert_ne!(some(&["sam"]), some(&["kim"]));
        assert_eq!(some(&["sam"]), some(&["sam"]));
        assert!(some(&["sam"]).size() > everything.size());
    }
}
