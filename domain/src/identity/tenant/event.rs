//! What happens to a tenant.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::Text;

/// An event of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TenantEvent {
    /// The company began to use the portal.
    Created {
        /// What the company is called.
        name: Text<200>,
    },
    /// The company is called something else.
    Renamed {
        /// The old name.
        from: Text<200>,
        /// The new name.
        to: Text<200>,
    },
}

impl DomainEvent for TenantEvent {
    fn event_type(&self) -> String {
        format!("tenant.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
