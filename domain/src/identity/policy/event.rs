//! What happens to a policy.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

/// An event of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PolicyEvent {
    /// Every user has to show a second factor.
    SecondFactorDemanded {},
    /// It is left to each user.
    SecondFactorMadeOptional {},
}

impl DomainEvent for PolicyEvent {
    fn event_type(&self) -> String {
        format!("policy.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
