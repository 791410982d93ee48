//! What settles an issued invoice: payments, credit notes, and what is given up.

use chrono::{DateTime, Utc};

use super::{Credited, InvoiceAction, InvoiceError, InvoiceEvent, Issued};
use crate::{Money, PaymentId, Text};

/// Most payments that settle an invoice.
const MAX_PAYMENTS: usize = 500;

type Decision = Result<InvoiceEvent, InvoiceError>;

impl Issued {
    /// Whether one more payment may settle it, at a time in the past if one is named.
    pub fn takes_another(&self, at: Option<DateTime<Utc>>) -> bool {
        self.paid.len() < MAX_PAYMENTS && at.is_none_or(|at| at >= self.since)
    }

    /// The event that a command on an issued invoice leads to.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub(super) fn decide(&self, action: InvoiceAction, at: DateTime<Utc>) -> Decision {
        if at < self.since {
            return Err(InvoiceError::BeforeLastChange);
        }
        match action {
            InvoiceAction::Void { reason } => self.void(reason, at),
            InvoiceAction::ApplyPayment { payment, amount } => self.apply_payment(payment, amount, at),
            InvoiceAction::UnapplyPayment { payment } => self.unapply_payment(payment, at),
            InvoiceAction::WriteOff { reason } => self.write_off(reason, at),
            InvoiceAction::ReverseWriteOff => self.reverse_write_off(at),
            InvoiceAction::Credit(credit) => self.credit(*credit, at),
            InvoiceAction::VoidCreditNote { credit_note, reason } => {
                self.void_credit_note(credit_note, reason, at)
            }
            InvoiceAction::Draft(_) => Err(InvoiceError::AlreadyExists),
            InvoiceAction::ReplaceLines { .. } | InvoiceAction::Discard | InvoiceAction::Issue(_) => {
                Err(InvoiceError::Issued)
            }
        }
    }

    fn void(&self, reason: Text<500>, at: DateTime<Utc>) -> Decision {
        let (number, payable) = (self.number.clone(), self.payable);
        if self.outstanding != payable || !self.credit_notes.is_empty() {
            return Err(InvoiceError::Settled);
        }
        Ok(InvoiceEvent::Voided { number, reason, payable, at })
    }

    fn apply_payment(&self, payment: PaymentId, amount: Money, at: DateTime<Utc>) -> Decision {
        if amount.currency() != self.payable.currency() {
            return Err(InvoiceError::OtherCurrency);
        }
        if self.paid.contains_key(&payment) {
            return Err(InvoiceError::AlreadyApplied);
        }
        if self.paid.len() >= MAX_PAYMENTS {
            return Err(InvoiceError::TooManyPayments);
        }
        if amount.is_zero() {
            return Err(InvoiceError::NothingPaid);
        }
        let outstanding = self.outstanding.minus(amount).ok_or(InvoiceError::MoreThanOutstanding)?;
        Ok(InvoiceEvent::PaymentApplied { payment, amount, outstanding, at })
    }

    fn unapply_payment(&self, payment: PaymentId, at: DateTime<Utc>) -> Decision {
        let amount = *self.paid.get(&payment).ok_or(InvoiceError::NotApplied)?;
        let outstanding = self.with(amount)?;
        Ok(InvoiceEvent::PaymentUnapplied { payment, amount, outstanding, at })
    }

    fn write_off(&self, reason: Text<500>, at: DateTime<Utc>) -> Decision {
        if self.outstanding.is_zero() {
            return Err(InvoiceError::NothingOutstanding);
        }
        Ok(InvoiceEvent::WrittenOff { amount: self.outstanding, reason, at })
    }

    fn reverse_write_off(&self, at: DateTime<Utc>) -> Decision {
        let amount = self.written_off;
        if amount.is_zero() {
            return Err(InvoiceError::NotWrittenOff);
        }
        let outstanding = self.with(amount)?;
        Ok(InvoiceEvent::WriteOffReversed { amount, outstanding, at })
    }

    /// What is to be paid when so much of it is settled no longer: never more than there was to pay at first.
    fn with(&self, amount: Money) -> Result<Money, InvoiceError> {
        self.outstanding.plus(amount).ok_or(InvoiceError::AmountTooLarge)
    }

    /// What an event of these makes of it.
    pub(super) fn settle(&mut self, event: InvoiceEvent) {
        match event {
            InvoiceEvent::PaymentApplied { payment, amount, outstanding, at, .. } => {
                self.paid.insert(payment, amount);
                (self.outstanding, self.since) = (outstanding, at);
            }
            InvoiceEvent::PaymentUnapplied { payment, outstanding, at, .. } => {
                self.paid.remove(&payment);
                (self.outstanding, self.since) = (outstanding, at);
            }
            InvoiceEvent::WrittenOff { amount, at, .. } => {
                self.written_off = self.written_off.plus(amount).unwrap_or(self.written_off);
                (self.outstanding, self.since) = (Money::zero(amount.currency()), at);
            }
            InvoiceEvent::CreditNoteIssued { credit_note, number, document, outstanding, at, .. } => {
                let (issue_date, payable) = (document.issue_date, document.totals.payable);
                self.credit_notes.push(Credited {
                    credit_note,
                    number,
                    issue_date,
                    taxes: document.taxes,
                    payable,
                });
                (self.outstanding, self.since) = (outstanding, at);
            }
            InvoiceEvent::CreditNoteVoided { credit_note, outstanding, at, .. } => {
                self.credit_notes.retain(|one| one.credit_note != credit_note);
                (self.outstanding, self.since) = (outstanding, at);
            }
            InvoiceEvent::WriteOffReversed { amount, outstanding, at, .. } => {
                self.written_off = Money::zero(amount.currency());
                (self.outstanding, self.since) = (outstanding, at);
            }
            InvoiceEvent::Drafted { .. }
            | InvoiceEvent::LinesReplaced { .. }
            | InvoiceEvent::Discarded { .. }
            | InvoiceEvent::Issued { .. }
            | InvoiceEvent::Voided { .. } => {}
        }
    }
}
