//! What makes two questions the same.

use axum::http::Uri;
use edge::{Identity, Role};
use uuid::Uuid;

/// A question and all about the one who asks that the answer may depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    tenant: Uuid,
    roles: Vec<Role>,
    /// Whether the answer tells how fresh it is, as it does whoever asks for a position.
    tells: bool,
    /// Path and query as they were sent.
    target: String,
}

impl Key {
    pub(crate) fn new(caller: &Identity, tells: bool, uri: &Uri) -> Self {
        let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
        Self { tenant: caller.tenant.into(), roles: caller.roles.clone(), tells, target: target.to_owned() }
    }

    pub(super) fn size(&self) -> usize {
        self.target.len()
    }
}

#[cfg(test)]
mod tests {
    use edge::TenantId;

    use super::*;

    #[test]
    fn tenant_roles_and_every_letter_of_the_question_count() {
        let caller = |tenant: u128, roles: &[Role]| Identity {
            subject: "sam".to_owned(),
            tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
            roles: roles.to_vec(),
        };
        let key =
            |caller: &Identity, tells, uri: &'static str| Key::new(caller, tells, &Uri::from_static(uri));
        let sam = caller(1, &[Role::Viewer]);
        let known = key(&sam, false, "/leads?q=a");
        assert_eq!(known, key(&Identity { subject: "kim".to_owned(), ..sam.clone() }, false, "/leads?q=a"));
        assert_ne!(known, key(&caller(2, &[Role::Viewer]), false, "/leads?q=a"));
        assert_ne!(known, key(&caller(1, &[Role::Viewer, Role::Auditor]), false, "/leads?q=a"));
        assert_ne!(known, key(&sam, true, "/leads?q=a"));
        assert_ne!(known, key(&sam, false, "/leads?q=b"));
        assert_ne!(known, key(&sam, false, "/leads"));
    }
}
