//! The rules of customers.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of customers that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomerError {
    /// There is no such customer.
    #[error("there is no such customer")]
    NotFound,
    /// A customer is registered once.
    #[error("the customer exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to a customer in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to a customer before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// There are bounds to numbers of tax offices.
    #[error("a customer has at most 5 tax ids")]
    TooManyTaxIds,
    /// Of a customer who was erased, nothing more is to be known.
    #[error("the customer was erased")]
    Erased,
}

impl Rule for CustomerError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "customer.not_found",
            Self::AlreadyExists => "customer.already_exists",
            Self::OccurredInFuture => "customer.occurred_in_future",
            Self::OccurredTooEarly => "customer.occurred_too_early",
            Self::TooManyTaxIds => "customer.too_many_tax_ids",
            Self::Erased => "customer.erased",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::AlreadyExists | Self::Erased => RuleKind::Refused,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::TooManyTaxIds => RuleKind::Invalid,
        }
    }
}
