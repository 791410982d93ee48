//! What happens to an invoice.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{CreditNote, Document, Totals};
use crate::billing::series::DocumentNumber;
use crate::billing::{DocumentAdjustment, Line};
use crate::{CreditNoteId, Currency, CustomerId, LegalEntityId, Money, PaymentId, Prose, SeriesId, Text};

/// An event of an invoice. `at` is the business time at which it came into its state; `outstanding` is what is still to be paid after
/// it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum InvoiceEvent {
    /// A draft was written.
    Drafted {
        /// Who is to issue it.
        legal_entity: LegalEntityId,
        /// Who is to be billed.
        customer: CustomerId,
        /// In which currency.
        currency: Currency,
        /// What the buyer wants to find on it.
        reference: Option<Text<100>>,
        /// What else it says.
        note: Option<Prose<2000>>,
        /// What is sold.
        lines: Vec<Line>,
        /// What is taken off the whole or put on it.
        adjustments: Vec<DocumentAdjustment>,
        /// What that comes to.
        totals: Totals,
        /// When.
        at: DateTime<Utc>,
    },
    /// Something else is billed.
    LinesReplaced {
        /// What is sold.
        lines: Vec<Line>,
        /// What is taken off the whole or put on it.
        adjustments: Vec<DocumentAdjustment>,
        /// What that comes to.
        totals: Totals,
        /// What it came to before.
        previous: Totals,
    },
    /// The draft was thrown away.
    Discarded {
        /// What it came to.
        totals: Totals,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was issued. What it says never changes again.
    Issued {
        /// Its number.
        number: DocumentNumber,
        /// The series that the number was drawn from.
        series: SeriesId,
        /// Who issued it.
        legal_entity: LegalEntityId,
        /// Who is billed.
        customer: CustomerId,
        /// The document, with seller and buyer as they were.
        document: Box<Document>,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was declared void. Its number stays used.
    Voided {
        /// Its number.
        number: DocumentNumber,
        /// Why.
        reason: Text<500>,
        /// What it came to.
        payable: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// A payment settles some of it.
    PaymentApplied {
        /// The payment.
        payment: PaymentId,
        /// How much.
        amount: Money,
        /// What is still to be paid.
        outstanding: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// A payment settles it no longer.
    PaymentUnapplied {
        /// The payment.
        payment: PaymentId,
        /// How much it was.
        amount: Money,
        /// What is still to be paid.
        outstanding: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// What was still to be paid is given up.
    WrittenOff {
        /// How much.
        amount: Money,
        /// Why.
        reason: Text<500>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Some of it was taken back by a credit note.
    CreditNoteIssued {
        /// Which one it is.
        credit_note: CreditNoteId,
        /// Its number.
        number: DocumentNumber,
        /// The series that the number was drawn from.
        series: SeriesId,
        /// Who issued it.
        legal_entity: LegalEntityId,
        /// The document.
        document: Box<CreditNote>,
        /// What is still to be paid of the invoice.
        outstanding: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// Its last credit note was declared void. The number of that stays used.
    CreditNoteVoided {
        /// Which one it was.
        credit_note: CreditNoteId,
        /// Its number.
        number: DocumentNumber,
        /// Its date. On no earlier day is it void in the books.
        issue_date: NaiveDate,
        /// How much it was.
        amount: Money,
        /// Why.
        reason: Text<500>,
        /// What is still to be paid of the invoice.
        outstanding: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// What was given up is expected again.
    WriteOffReversed {
        /// How much it was.
        amount: Money,
        /// What is still to be paid.
        outstanding: Money,
        /// When.
        at: DateTime<Utc>,
    },
}

impl InvoiceEvent {
    /// The number that a document has from now on, and whose documents have no other with it.
    pub fn number_taken(&self) -> Option<(LegalEntityId, &DocumentNumber)> {
        match self {
            Self::Issued { legal_entity, number, .. }
            | Self::CreditNoteIssued { legal_entity, number, .. } => Some((*legal_entity, number)),
            Self::Drafted { .. }
            | Self::LinesReplaced { .. }
            | Self::Discarded { .. }
            | Self::Voided { .. }
            | Self::PaymentApplied { .. }
            | Self::PaymentUnapplied { .. }
            | Self::WrittenOff { .. }
            | Self::CreditNoteVoided { .. }
            | Self::WriteOffReversed { .. } => None,
        }
    }

    /// The credit note that it is about, if it is about one.
    pub fn credit_note(&self) -> Option<CreditNoteId> {
        match self {
            Self::CreditNoteIssued { credit_note, .. } | Self::CreditNoteVoided { credit_note, .. } => {
                Some(*credit_note)
            }
            Self::Drafted { .. }
            | Self::LinesReplaced { .. }
            | Self::Discarded { .. }
            | Self::Issued { .. }
            | Self::Voided { .. }
            | Self::PaymentApplied { .. }
            | Self::PaymentUnapplied { .. }
            | Self::WrittenOff { .. }
            | Self::WriteOffReversed { .. } => None,
        }
    }

    /// What is still to be paid after it; none if it tells nothing of that.
    pub fn outstanding(&self) -> Option<Money> {
        match self {
            Self::Drafted { .. } | Self::LinesReplaced { .. } | Self::Discarded { .. } => None,
            Self::Issued { document, .. } => Some(document.totals.payable),
            Self::PaymentApplied { outstanding, .. }
            | Self::PaymentUnapplied { outstanding, .. }
            | Self::CreditNoteIssued { outstanding, .. }
            | Self::CreditNoteVoided { outstanding, .. }
            | Self::WriteOffReversed { outstanding, .. } => Some(*outstanding),
            Self::WrittenOff { amount, .. } | Self::Voided { payable: amount, .. } => {
                Some(Money::zero(amount.currency()))
            }
        }
    }
}

impl DomainEvent for InvoiceEvent {
    fn event_type(&self) -> String {
        format!("invoice.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
