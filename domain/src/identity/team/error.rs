//! The rules of teams.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of teams that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TeamError {
    /// There is no such team.
    #[error("there is no such team")]
    NotFound,
    /// A team is formed once.
    #[error("the team exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("a team cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a team cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// What was dissolved stays so.
    #[error("the team is dissolved")]
    Dissolved,
    /// A team has at most [`MAX_MEMBERS`](super::aggregate::MAX_MEMBERS) members.
    #[error("the team has as many members as a team can have")]
    Full,
    /// No team is below itself, however many others are in between. Raised by the caller, who alone can see the others.
    #[error("a team cannot be below itself, nor below more than 20 others")]
    BelowItself,
}

impl Rule for TeamError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "team.not_found",
            Self::AlreadyExists => "team.already_exists",
            Self::OccurredInFuture => "team.occurred_in_future",
            Self::OccurredTooEarly => "team.occurred_too_early",
            Self::Dissolved => "team.dissolved",
            Self::Full => "team.full",
            Self::BelowItself => "team.below_itself",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly => RuleKind::Invalid,
            Self::AlreadyExists | Self::Dissolved | Self::Full | Self::BelowItself => RuleKind::Refused,
        }
    }
}
