//! The rules of leads.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind, TooManyFields};

/// A rule of leads that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadError {
    /// There is no such lead.
    #[error("there is no such lead")]
    NotFound,
    /// A lead is captured once.
    #[error("the lead exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to a lead in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to a lead before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// A status is not changed before the time of its last change.
    #[error("the lead's status has changed after that time")]
    BeforeLastChange,
    /// A lead that was given up is reopened first.
    #[error("the lead is disqualified; reopen it first")]
    Disqualified,
    /// Only a lead that was given up can be reopened.
    #[error("the lead is not disqualified")]
    NotDisqualified,
    /// A converted lead is history; work goes on with its opportunity.
    #[error("the lead is converted")]
    Converted,
    /// A withdrawn lead stays withdrawn.
    #[error("the lead was withdrawn")]
    Withdrawn,
    /// Of a lead that was erased, nothing more is to be known.
    #[error("the lead was erased")]
    Erased,
    /// There are bounds to fields of one's own.
    #[error(transparent)]
    TooManyCustomFields(#[from] TooManyFields),
}

impl Rule for LeadError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "lead.not_found",
            Self::AlreadyExists => "lead.already_exists",
            Self::OccurredInFuture => "lead.occurred_in_future",
            Self::OccurredTooEarly => "lead.occurred_too_early",
            Self::BeforeLastChange => "lead.before_last_change",
            Self::Disqualified => "lead.disqualified",
            Self::NotDisqualified => "lead.not_disqualified",
            Self::Converted => "lead.converted",
            Self::Withdrawn => "lead.withdrawn",
            Self::Erased => "lead.erased",
            Self::TooManyCustomFields(_) => "lead.too_many_custom_fields",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::TooManyCustomFields(_) => {
                RuleKind::Invalid
            }
            Self::AlreadyExists
            | Self::BeforeLastChange
            | Self::Disqualified
            | Self::NotDisqualified
            | Self::Converted
            | Self::Withdrawn
            | Self::Erased => RuleKind::Refused,
        }
    }
}
