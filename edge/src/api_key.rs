//! Keys by which programs act for a user, as whoever checks tokens sees them.

use futures::future::BoxFuture;

use uuid::Uuid;

use crate::{Bearer, Problem, TenantId};

/// What a key begins with. Refresh tokens begin so too, and are none.
pub(crate) const PREFIX: &str = "crm_";

/// Knows keys.
pub trait ApiKeys: Send + Sync + 'static {
    /// Who acts by a key; nobody if it is none, or none any more. What is remembered of it may be told, unless the `newest` is
    /// asked for.
    ///
    /// Fails with 503 if that cannot be told.
    fn bearer<'a>(&'a self, key: &'a str, newest: bool) -> BoxFuture<'a, Result<Option<Bearer>, Problem>>;

    /// The tenant and the id that a key names, be it good or not; none if it has not the form of one.
    fn named(&self, key: &str) -> Option<(TenantId, Uuid)> {
        let _unread = key;
        None
    }
}
