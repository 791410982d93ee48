//! What happens to a tenant's provider.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Settings;

/// An event of a provider. Its secret and what it says of users are in none of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProviderEvent {
    /// Users are let in on its word from now on, on these terms.
    Configured(Settings),
    /// Nobody is let in on its word any more.
    Removed {},
}

impl DomainEvent for ProviderEvent {
    fn event_type(&self) -> String {
        format!("provider.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
