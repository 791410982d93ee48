//! What can be asked of a custom role.

use crate::identity::{Grants, HiddenFields};
use crate::{Command, Text};

/// An action on a custom role, with its times.
pub type CustomRoleCommand = Command<CustomRoleAction>;

/// What to do with a custom role.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CustomRoleAction {
    /// Begin.
    Define {
        /// What people call it. That no other role of the tenant is called so, the caller guards in the same transaction.
        name: Text<100>,
        /// What it lets those do who have it.
        grants: Grants,
        /// The fields that it does not show them.
        hidden: HiddenFields,
    },
    /// Call it something else.
    Rename {
        /// The new name, guarded as that of [`CustomRoleAction::Define`].
        name: Text<100>,
    },
    /// Let those who have it do something else.
    Grant {
        /// All that they may do from now on.
        grants: Grants,
    },
    /// Show those who have it other fields.
    Hide {
        /// All fields that they are not shown from now on.
        hidden: HiddenFields,
    },
    /// Take it from whoever has it, for good.
    Retire,
}
