//! What a command on a payment leads to.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Payment, PaymentAction, PaymentCommand, PaymentError, PaymentEvent, Receipt, Received};
use crate::billing::day::has_begun;
use crate::{InvoiceId, Money, RefundId, Text};

/// Most invoices that a payment settles.
pub const MAX_APPLICATIONS: usize = 500;
/// Most repayments of a payment.
const MAX_REFUNDS: usize = 100;

type Decision = Result<Option<PaymentEvent>, PaymentError>;

impl Payment {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        command.not_in_future(PaymentError::OccurredInFuture)?;
        command.not_too_early(PaymentError::OccurredTooEarly)?;
        let (at, now) = (command.business_time(self.last_change()), command.now);
        let event = match (self, command.action) {
            (Self::Unborn, PaymentAction::Record(receipt)) => Some(record(receipt, at, now)?),
            (Self::Received(_) | Self::Reversed(_), PaymentAction::Record(_)) => {
                return Err(PaymentError::AlreadyExists);
            }
            (Self::Reversed(_), PaymentAction::Reverse { .. }) => None,
            (_, action) => {
                let received = self.received()?;
                if at < received.since {
                    return Err(PaymentError::BeforeLastChange);
                }
                received.change(action, at, now)?
            }
        };
        Ok(event.into_iter().collect())
    }
}

fn record(
    receipt: Box<Receipt>,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<PaymentEvent, PaymentError> {
    above_zero(receipt.amount)?;
    not_in_future(receipt.received_on, now)?;
    Ok(PaymentEvent::Recorded { receipt, at })
}

fn not_in_future(on: NaiveDate, now: DateTime<Utc>) -> Result<(), PaymentError> {
    if has_begun(on, now) { Ok(()) } else { Err(PaymentError::DatedInFuture) }
}

fn above_zero(amount: Money) -> Result<(), PaymentError> {
    if amount.is_zero() { Err(PaymentError::NothingPaid) } else { Ok(()) }
}

impl Received {
    fn change(&self, action: PaymentAction, at: DateTime<Utc>, now: DateTime<Utc>) -> Decision {
        match action {
            PaymentAction::Record(_) => Err(PaymentError::AlreadyExists),
            PaymentAction::Apply { invoice, amount } => self.apply(invoice, amount, at),
            PaymentAction::Unapply { invoice } => self.unapply(invoice, at),
            PaymentAction::Refund { refund, amount, on } => {
                not_in_future(on, now)?;
                self.refund(refund, amount, on, at)
            }
            PaymentAction::CancelRefund { refund } => self.cancel_refund(refund, at),
            PaymentAction::Reverse { reason } => self.reverse(reason, at),
        }
    }

    /// What is left when so much of it is gone.
    fn without(&self, amount: Money) -> Result<Money, PaymentError> {
        above_zero(amount)?;
        if amount.currency() != self.unapplied.currency() {
            return Err(PaymentError::OtherCurrency);
        }
        self.unapplied.minus(amount).ok_or(PaymentError::TooLittleLeft)
    }

    /// What is left when so much of it came back, which is never more than it had.
    fn with(&self, amount: Money) -> Result<Money, PaymentError> {
        self.unapplied.plus(amount).ok_or(PaymentError::OtherCurrency)
    }

    fn apply(&self, invoice: InvoiceId, amount: Money, at: DateTime<Utc>) -> Decision {
        if self.applied.contains_key(&invoice) {
            return Err(PaymentError::AlreadyApplied);
        }
        if self.applied.len() >= MAX_APPLICATIONS {
            return Err(PaymentError::TooManyApplications);
        }
        let unapplied = self.without(amount)?;
        Ok(Some(PaymentEvent::Applied { invoice, amount, unapplied, at }))
    }

    fn unapply(&self, invoice: InvoiceId, at: DateTime<Utc>) -> Decision {
        let amount = *self.applied.get(&invoice).ok_or(PaymentError::NotApplied)?;
        let unapplied = self.with(amount)?;
        Ok(Some(PaymentEvent::Unapplied { invoice, amount, unapplied, at }))
    }

    fn refund(&self, refund: RefundId, amount: Money, on: NaiveDate, at: DateTime<Utc>) -> Decision {
        if on < self.receipt.received_on {
            return Err(PaymentError::RefundedTooEarly);
        }
        if self.refunds.contains_key(&refund) {
            return Err(PaymentError::AlreadyRefunded);
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(PaymentError::TooManyRefunds);
        }
        let unapplied = self.without(amount)?;
        Ok(Some(PaymentEvent::Refunded { refund, amount, on, unapplied, at }))
    }

    fn cancel_refund(&self, refund: RefundId, at: DateTime<Utc>) -> Decision {
        let amount = *self.refunds.get(&refund).ok_or(PaymentError::NoSuchRefund)?;
        let unapplied = self.with(amount)?;
        Ok(Some(PaymentEvent::RefundCancelled { refund, amount, unapplied, at }))
    }

    fn reverse(&self, reason: Text<500>, at: DateTime<Utc>) -> Decision {
        let amount = self.receipt.amount;
        if self.unapplied != amount {
            return Err(PaymentError::InUse);
        }
        Ok(Some(PaymentEvent::Reversed { amount, reason, at }))
    }
}
