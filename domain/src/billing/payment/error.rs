//! The rules of payments.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of payments that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// A payment is recorded once.
    #[error("the payment exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("nothing can happen to a payment in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("nothing can have happened to a payment before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// Its state is not changed before the time of its last change.
    #[error("the payment has changed after that time")]
    BeforeLastChange,
    /// A reversed payment is none.
    #[error("the payment was reversed")]
    Reversed,
    /// Nobody pays nothing.
    #[error("an amount must be above 0")]
    NothingPaid,
    /// No money comes or goes on a day that has begun nowhere.
    #[error("money cannot come or go in the future")]
    DatedInFuture,
    /// Nothing goes back before it came.
    #[error("a repayment cannot go before the payment came")]
    RefundedTooEarly,
    /// Money of one currency settles what is owed in it.
    #[error("the amount is in another currency than the payment")]
    OtherCurrency,
    /// A payment is of one customer to one legal entity.
    #[error("the invoice is of another customer or legal entity than the payment")]
    OtherAccount,
    /// What is gone settles nothing more.
    #[error("less than that is left of the payment")]
    TooLittleLeft,
    /// Each invoice is settled once by a payment.
    #[error("the payment settles that invoice already; unapply it before it is applied anew")]
    AlreadyApplied,
    /// What settles nothing cannot stop to do so.
    #[error("the payment does not settle that invoice")]
    NotApplied,
    /// There are bounds to what a payment settles.
    #[error("a payment settles at most 500 invoices")]
    TooManyApplications,
    /// Each repayment is made once.
    #[error("that repayment was made already")]
    AlreadyRefunded,
    /// There are bounds to repayments.
    #[error("at most 100 repayments are made of a payment")]
    TooManyRefunds,
    /// A payment that settles invoices or went back has come.
    #[error("the payment settles invoices or was paid back; take that back first")]
    InUse,
    /// What did not go back cannot be cancelled.
    #[error("there is no such repayment of the payment")]
    NoSuchRefund,
}

impl Rule for PaymentError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "payment.not_found",
            Self::AlreadyExists => "payment.already_exists",
            Self::OccurredInFuture => "payment.occurred_in_future",
            Self::OccurredTooEarly => "payment.occurred_too_early",
            Self::BeforeLastChange => "payment.before_last_change",
            Self::Reversed => "payment.reversed",
            Self::NothingPaid => "payment.nothing_paid",
            Self::DatedInFuture => "payment.dated_in_future",
            Self::RefundedTooEarly => "payment.refunded_too_early",
            Self::OtherCurrency => "payment.other_currency",
            Self::OtherAccount => "payment.other_account",
            Self::TooLittleLeft => "payment.too_little_left",
            Self::AlreadyApplied => "payment.already_applied",
            Self::NotApplied => "payment.not_applied",
            Self::TooManyApplications => "payment.too_many_applications",
            Self::AlreadyRefunded => "payment.already_refunded",
            Self::TooManyRefunds => "payment.too_many_refunds",
            Self::InUse => "payment.in_use",
            Self::NoSuchRefund => "payment.no_such_refund",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::NothingPaid | Self::DatedInFuture => {
                RuleKind::Invalid
            }
            Self::AlreadyExists
            | Self::BeforeLastChange
            | Self::RefundedTooEarly
            | Self::Reversed
            | Self::OtherCurrency
            | Self::OtherAccount
            | Self::TooLittleLeft
            | Self::AlreadyApplied
            | Self::NotApplied
            | Self::TooManyApplications
            | Self::AlreadyRefunded
            | Self::TooManyRefunds
            | Self::InUse
            | Self::NoSuchRefund => RuleKind::Refused,
        }
    }
}
