//! Whose request it is, for log lines: ids, since names and addresses are for no log.

use uuid::Uuid;

use crate::TenantId;

/// Whoever a token named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub tenant: TenantId,
    /// The user; none if the subject is no id, since it may be a name or an address.
    pub user: Option<Uuid>,
    /// The key by which a program acts.
    pub key: Option<Uuid>,
}

impl Named {
    pub fn new(tenant: TenantId, subject: &str, key: Option<Uuid>) -> Self {
        Self { tenant, user: Uuid::try_parse(subject).ok(), key }
    }
}
