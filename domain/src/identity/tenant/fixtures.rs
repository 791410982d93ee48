//! One example of each event of a tenant.

use super::TenantEvent;
use crate::fixtures::text;

/// One of each.
pub fn all() -> Vec<TenantEvent> {
    vec![created(), renamed()]
}

/// `tenant.created`
pub fn created() -> TenantEvent {
    TenantEvent::Created { name: text("Example Engines") }
}

/// `tenant.renamed`
pub fn renamed() -> TenantEvent {
    TenantEvent::Renamed { from: text("Example Engines"), to: text("Example Engines Ltd") }
}
