//! The rules of tenants.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of tenants that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NotFound,
    /// A tenant begins once.
    #[error("the tenant exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("a tenant cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a tenant cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
}

impl Rule for TenantError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "tenant.not_found",
            Self::AlreadyExists => "tenant.already_exists",
            Self::OccurredInFuture => "tenant.occurred_in_future",
            Self::OccurredTooEarly => "tenant.occurred_too_early",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly => RuleKind::Invalid,
            Self::AlreadyExists => RuleKind::Refused,
        }
    }
}
