//! The rules of sessions.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of sessions that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is no such session.
    #[error("there is no such session")]
    NotFound,
    /// A session starts once; another sign-in is another session.
    #[error("the session exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("a session cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a session cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
}

impl Rule for SessionError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "session.not_found",
            Self::AlreadyExists => "session.already_exists",
            Self::OccurredInFuture => "session.occurred_in_future",
            Self::OccurredTooEarly => "session.occurred_too_early",
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
