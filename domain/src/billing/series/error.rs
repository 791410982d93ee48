//! The rules of series.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of series that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// There is no such series.
    #[error("there is no such series")]
    NotFound,
    /// A series is opened once.
    #[error("the series exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to a series in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to a series before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// A closed series gives out no numbers.
    #[error("the series is closed")]
    Closed,
    /// A series is of one legal entity.
    #[error("the series is of another legal entity")]
    OtherLegalEntity,
    /// There are bounds to numbers.
    #[error("the series has no more numbers")]
    Exhausted,
    /// Two series of a legal entity with one pattern would give out the same numbers, sooner or later whatever the digits of their counters.
    #[error(
        "another series of the legal entity has this pattern, or one that differs in nothing but the digits of the counter"
    )]
    PatternTaken,
}

impl Rule for SeriesError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "series.not_found",
            Self::AlreadyExists => "series.already_exists",
            Self::OccurredInFuture => "series.occurred_in_future",
            Self::OccurredTooEarly => "series.occurred_too_early",
            Self::Closed => "series.closed",
            Self::OtherLegalEntity => "series.other_legal_entity",
            Self::Exhausted => "series.exhausted",
            Self::PatternTaken => "series.pattern_taken",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly => RuleKind::Invalid,
            Self::AlreadyExists
            | Self::Closed
            | Self::OtherLegalEntity
            | Self::Exhausted
            | Self::PatternTaken => RuleKind::Refused,
        }
    }
}
