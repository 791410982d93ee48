//! The rules of opportunities.

use crate::command::{FIRST_YEAR, LAST_YEAR};
use crate::{Rule, RuleKind, TooManyFields};

/// A rule of opportunities that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpportunityError {
    /// There is no such opportunity.
    #[error("there is no such opportunity")]
    NotFound,
    /// An opportunity is opened once.
    #[error("the opportunity exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to an opportunity in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to an opportunity before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// A deal is expected to close in a year of four digits.
    #[error("the expected close must lie in the years {FIRST_YEAR} to {LAST_YEAR}")]
    ExpectedCloseOutOfRange,
    /// A stage or status is not changed before the time of its last change.
    #[error("the opportunity's stage or status has changed after that time")]
    BeforeLastChange,
    /// A deal that was won or lost is reopened first.
    #[error("the opportunity is closed; reopen it first")]
    Closed,
    /// Only a deal that was won or lost can be reopened.
    #[error("the opportunity is not closed")]
    NotClosed,
    /// A deal is won for some amount.
    #[error("the opportunity has no amount; give the amount it is won for")]
    WonWithoutAmount,
    /// A withdrawn deal stays withdrawn.
    #[error("the opportunity was withdrawn")]
    Withdrawn,
    /// Where people were erased, nothing more is said of them.
    #[error("what was said of people in this opportunity was erased; no more activities are logged")]
    Erased,
    /// There are bounds to fields of one's own.
    #[error(transparent)]
    TooManyCustomFields(#[from] TooManyFields),
}

impl Rule for OpportunityError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "opportunity.not_found",
            Self::AlreadyExists => "opportunity.already_exists",
            Self::OccurredInFuture => "opportunity.occurred_in_future",
            Self::OccurredTooEarly => "opportunity.occurred_too_early",
            Self::ExpectedCloseOutOfRange => "opportunity.expected_close_out_of_range",
            Self::BeforeLastChange => "opportunity.before_last_change",
            Self::Closed => "opportunity.closed",
            Self::NotClosed => "opportunity.not_closed",
            Self::WonWithoutAmount => "opportunity.won_without_amount",
            Self::Withdrawn => "opportunity.withdrawn",
            Self::Erased => "opportunity.erased",
            Self::TooManyCustomFields(_) => "opportunity.too_many_custom_fields",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture
            | Self::OccurredTooEarly
            | Self::ExpectedCloseOutOfRange
            | Self::TooManyCustomFields(_) => RuleKind::Invalid,
            Self::AlreadyExists
            | Self::BeforeLastChange
            | Self::Closed
            | Self::NotClosed
            | Self::WonWithoutAmount
            | Self::Withdrawn
            | Self::Erased => RuleKind::Refused,
        }
    }
}
