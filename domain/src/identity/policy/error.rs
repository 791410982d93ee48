//! The rules of policies.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of policies that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Nothing occurs in the future.
    #[error("a policy cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a policy cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
}

impl Rule for PolicyError {
    fn code(&self) -> &'static str {
        match self {
            Self::OccurredInFuture => "policy.occurred_in_future",
            Self::OccurredTooEarly => "policy.occurred_too_early",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::OccurredInFuture | Self::OccurredTooEarly => RuleKind::Invalid,
        }
    }
}
