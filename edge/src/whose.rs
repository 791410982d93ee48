//! Whose request it is, for log lines: ids, since names and addresses are for no log.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use crate::TenantId;

/// Whose a request is, once a token has told. Whatever surrounds the request holds it too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whose(Arc<OnceLock<Named>>);

/// Whoever a token named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub tenant: TenantId,
    /// The user; none if the subject is no id, since it may be a name or an address.
    pub user: Option<Uuid>,
    /// The key by which a program acts.
    pub key: Option<Uuid>,
}

impl Whose {
    pub(crate) fn is(&self, tenant: TenantId, subject: &str, key: Option<Uuid>) {
        // Of two tokens in one request the first was taken, and there are none.
        let _first = self.0.set(Named { tenant, user: Uuid::try_parse(subject).ok(), key });
    }

    pub(crate) fn named(&self) -> Option<Named> {
        self.0.get().copied()
    }
}
