//! The rules of custom roles.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of custom roles that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomRoleError {
    /// There is no such role.
    #[error("there is no such role")]
    NotFound,
    /// A role is defined once.
    #[error("the role exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("a role cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a role cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// What was retired stays so; another role may have its name.
    #[error("the role is retired")]
    Retired,
    /// Of the roles of a tenant, each has a name of its own, in whatever case. Raised by the caller, who alone can see the
    /// others.
    #[error("another role of the tenant has this name")]
    NameTaken,
    /// Only some of [all permissions](crate::identity::permission::ALL) can be given.
    #[error("there is no such permission, or custom roles cannot be given it")]
    UnknownPermission,
    /// Only some of [all fields](crate::identity::field::ALL) can be hidden.
    #[error("there is no such field, or it cannot be hidden")]
    UnknownField,
    /// Of what nobody owns, there is nothing of one's own.
    #[error("what the permission is about has no owners, so its level must be all")]
    NotOwned,
}

impl Rule for CustomRoleError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "custom_role.not_found",
            Self::AlreadyExists => "custom_role.already_exists",
            Self::OccurredInFuture => "custom_role.occurred_in_future",
            Self::OccurredTooEarly => "custom_role.occurred_too_early",
            Self::Retired => "custom_role.retired",
            Self::NameTaken => "custom_role.name_taken",
            Self::UnknownPermission => "custom_role.unknown_permission",
            Self::UnknownField => "custom_role.unknown_field",
            Self::NotOwned => "custom_role.not_owned",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture
            | Self::OccurredTooEarly
            | Self::UnknownPermission
            | Self::UnknownField
            | Self::NotOwned => RuleKind::Invalid,
            Self::AlreadyExists | Self::Retired | Self::NameTaken => RuleKind::Refused,
        }
    }
}
