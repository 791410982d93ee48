//! What a command on an invoice leads to.

use chrono::{DateTime, Utc};

use super::{
    Draft, Invoice, InvoiceAction, InvoiceCommand, InvoiceError, InvoiceEvent, Issuance, Totals, calculate,
    document, not_dated_in_future,
};
use crate::billing::{DocumentAdjustment, Line};

type Decision = Result<Option<InvoiceEvent>, InvoiceError>;

impl Invoice {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: InvoiceCommand) -> Result<Vec<InvoiceEvent>, InvoiceError> {
        command.not_in_future(InvoiceError::OccurredInFuture)?;
        command.not_too_early(InvoiceError::OccurredTooEarly)?;
        let (at, now) = (command.business_time(self.last_change()), command.now);
        let event = match (self, command.action) {
            (Self::Unborn, InvoiceAction::Draft(draft)) => Some(write(*draft, at)?),
            (Self::Draft { .. } | Self::Discarded | Self::Void(_), InvoiceAction::Draft(_)) => {
                return Err(InvoiceError::AlreadyExists);
            }
            (Self::Discarded, InvoiceAction::Discard) | (Self::Void(_), InvoiceAction::Void { .. }) => None,
            (Self::Issued(issued), action) => {
                if let InvoiceAction::Credit(credit) = &action {
                    // The clock of whoever settled it last may be ahead of this one.
                    not_dated_in_future(credit.on, now.max(issued.since))?;
                }
                Some(issued.decide(action, at)?)
            }
            (_, InvoiceAction::ReplaceLines { lines, adjustments }) => {
                self.draft()?.replace(lines, adjustments)?
            }
            (_, InvoiceAction::Discard) => {
                let totals = self.draft()?.totals()?;
                self.not_before_last_change(at)?;
                Some(InvoiceEvent::Discarded { totals, at })
            }
            (_, InvoiceAction::Issue(issuance)) => {
                let draft = self.draft()?;
                self.not_before_last_change(at)?;
                not_dated_in_future(issuance.on, now)?;
                Some(draft.issue(*issuance, at)?)
            }
            (
                _,
                InvoiceAction::Void { .. }
                | InvoiceAction::ApplyPayment { .. }
                | InvoiceAction::UnapplyPayment { .. }
                | InvoiceAction::WriteOff { .. }
                | InvoiceAction::Credit(_)
                | InvoiceAction::VoidCreditNote { .. }
                | InvoiceAction::ReverseWriteOff,
            ) => self.counting().map(|_| None)?,
        };
        Ok(event.into_iter().collect())
    }

    fn not_before_last_change(&self, at: DateTime<Utc>) -> Result<(), InvoiceError> {
        let early = self.last_change().is_some_and(|last| at < last);
        if early { Err(InvoiceError::BeforeLastChange) } else { Ok(()) }
    }
}

fn write(draft: Draft, at: DateTime<Utc>) -> Result<InvoiceEvent, InvoiceError> {
    let totals = draft.totals()?;
    let Draft { legal_entity, customer, currency, reference, note, lines, adjustments } = draft;
    Ok(InvoiceEvent::Drafted {
        legal_entity,
        customer,
        currency,
        reference,
        note,
        lines,
        adjustments,
        totals,
        at,
    })
}

impl Draft {
    /// What it comes to so far.
    ///
    /// # Errors
    /// The rule that its lines break.
    pub fn totals(&self) -> Result<Totals, InvoiceError> {
        calculate(&self.lines, &self.adjustments, self.currency).map(|calculation| calculation.totals)
    }

    fn replace(&self, lines: Vec<Line>, adjustments: Vec<DocumentAdjustment>) -> Decision {
        if self.lines == lines && self.adjustments == adjustments {
            return Ok(None);
        }
        let totals = calculate(&lines, &adjustments, self.currency)?.totals;
        let previous = self.totals()?;
        Ok(Some(InvoiceEvent::LinesReplaced { lines, adjustments, totals, previous }))
    }

    fn issue(&self, issuance: Issuance, at: DateTime<Utc>) -> Result<InvoiceEvent, InvoiceError> {
        let Issuance { number, series, seller, buyer, on, exchange_rate } = issuance;
        let document = Box::new(document(self, &seller, &buyer, on, exchange_rate)?);
        let (legal_entity, customer) = (self.legal_entity, self.customer);
        Ok(InvoiceEvent::Issued { number, series, legal_entity, customer, document, at })
    }
}
