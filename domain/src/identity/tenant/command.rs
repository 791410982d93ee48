//! What can be asked of a tenant.

use crate::{Command, Text};

/// An action on a tenant, with its times.
pub type TenantCommand = Command<TenantAction>;

/// What to do with a tenant.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TenantAction {
    /// Begin.
    Create {
        /// What the company is called.
        name: Text<200>,
    },
    /// Call the company something else.
    Rename {
        /// The new name.
        name: Text<200>,
    },
}
