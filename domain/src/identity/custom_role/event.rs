//! What happens to a custom role.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::Text;
use crate::identity::{Grants, HiddenFields};

/// An event of a custom role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CustomRoleEvent {
    /// The role was defined.
    Defined {
        /// What people call it.
        name: Text<100>,
        /// What it lets those do who have it.
        grants: Grants,
        /// The fields that it does not show them.
        #[serde(default, skip_serializing_if = "HiddenFields::is_empty")]
        hidden: HiddenFields,
    },
    /// The role is called something else.
    Renamed {
        /// The old name.
        from: Text<100>,
        /// The new name.
        to: Text<100>,
    },
    /// The role lets those who have it do something else.
    Granted {
        /// What they could do before.
        from: Grants,
        /// What they can do now.
        to: Grants,
    },
    /// The role shows those who have it other fields.
    FieldsHidden {
        /// What it did not show before.
        from: HiddenFields,
        /// What it does not show now.
        to: HiddenFields,
    },
    /// Nobody has the role any more.
    Retired {
        /// What it was called, which another role may be called now.
        name: Text<100>,
    },
}

impl CustomRoleEvent {
    /// The name that the role has from now on.
    pub fn name_taken(&self) -> Option<&Text<100>> {
        match self {
            Self::Defined { name, .. } | Self::Renamed { to: name, .. } => Some(name),
            Self::Granted { .. } | Self::FieldsHidden { .. } | Self::Retired { .. } => None,
        }
    }

    /// The name that the role no longer has.
    pub fn name_left(&self) -> Option<&Text<100>> {
        match self {
            Self::Renamed { from: name, .. } | Self::Retired { name } => Some(name),
            Self::Defined { .. } | Self::Granted { .. } | Self::FieldsHidden { .. } => None,
        }
    }
}

impl DomainEvent for CustomRoleEvent {
    fn event_type(&self) -> String {
        format!("custom_role.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
