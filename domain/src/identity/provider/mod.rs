//! The OpenID provider of a tenant, whose word lets users in.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
mod issuer;
mod mail_domain;
mod settings;
#[cfg(test)]
mod tests;

use uuid::Uuid;

pub use aggregate::Provider;
pub use command::{ProviderAction, ProviderCommand};
pub use error::ProviderError;
pub use event::ProviderEvent;
pub use issuer::IssuerUrl;
pub use mail_domain::MailDomain;
pub use settings::{MAX_DOMAINS, MAX_VALUES, Settings};

use crate::TenantId;

/// The id of a tenant's provider, of which there is one: UUID version 5 of `identity.provider` in the name space of the tenant's id.
pub fn provider_id(tenant: TenantId) -> Uuid {
    Uuid::new_v5(&tenant.as_uuid(), b"identity.provider")
}
