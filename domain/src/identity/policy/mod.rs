//! The policy of a tenant: what it asks of its users before it lets them in.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

use uuid::Uuid;

pub use aggregate::Policy;
pub use command::{PolicyAction, PolicyCommand};
pub use error::PolicyError;
pub use event::PolicyEvent;

use crate::TenantId;

/// The id of a tenant's policy, of which there is one: UUID version 5 of `identity.policy` in the name space of the tenant's id.
pub fn policy_id(tenant: TenantId) -> Uuid {
    Uuid::new_v5(&tenant.as_uuid(), b"identity.policy")
}
