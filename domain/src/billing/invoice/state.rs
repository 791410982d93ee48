//! What an invoice remembers of its events.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Credited, Document, InvoiceError};
use crate::billing::series::DocumentNumber;
use crate::billing::{DocumentAdjustment, Line};
use crate::{Currency, CustomerId, LegalEntityId, Money, PaymentId, Prose, Text};

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum InvoiceStatus {
    /// It is being written.
    Draft,
    /// It has a number, and what it says never changes again. Nothing of it is settled.
    Issued,
    /// Some of it is settled.
    PartlyPaid,
    /// All of it is paid, but for what was credited.
    Paid,
    /// All of it was taken back by credit notes.
    Credited,
    /// What was not paid of it is given up.
    WrittenOff,
    /// It was issued, and counts no longer.
    Void,
}

/// An invoice, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Invoice {
    /// Not drafted yet.
    #[default]
    Unborn,
    /// Being written.
    Draft {
        /// What it says so far.
        draft: Box<Draft>,
        /// Since when, in business time.
        since: DateTime<Utc>,
    },
    /// A draft that was thrown away.
    Discarded,
    /// Issued, whatever of it is settled.
    Issued(Box<Issued>),
    /// Issued, and void since.
    Void(Box<Issued>),
}

/// What a draft says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Who is to issue it.
    pub legal_entity: LegalEntityId,
    /// Who is to be billed.
    pub customer: CustomerId,
    /// In which currency.
    pub currency: Currency,
    /// What the buyer wants to find on it.
    pub reference: Option<Text<100>>,
    /// What else it says.
    pub note: Option<Prose<2000>>,
    /// What is sold.
    pub lines: Vec<Line>,
    /// What is taken off the whole or put on it.
    pub adjustments: Vec<DocumentAdjustment>,
}

/// What further commands have to know of an issued invoice. Its document too, which credit notes repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// Its number.
    pub number: DocumentNumber,
    /// Who issued it.
    pub legal_entity: LegalEntityId,
    /// Who is billed.
    pub customer: CustomerId,
    /// Until when it is to be paid.
    pub due_date: NaiveDate,
    /// What was to be paid when it was issued.
    pub payable: Money,
    /// What was paid of it by which payment.
    pub paid: BTreeMap<PaymentId, Money>,
    /// What of it is given up.
    pub written_off: Money,
    /// What of it was taken back, the latest last.
    pub credit_notes: Vec<Credited>,
    /// The document, which credit notes are made of.
    pub document: Box<Document>,
    /// What is still to be paid: payable − paid − written off − credited.
    pub outstanding: Money,
    /// When it came into its status, in business time.
    pub since: DateTime<Utc>,
}

impl Invoice {
    /// Where it stands; none before it is drafted, and after it was thrown away.
    pub fn status(&self) -> Option<InvoiceStatus> {
        match self {
            Self::Unborn | Self::Discarded => None,
            Self::Draft { .. } => Some(InvoiceStatus::Draft),
            Self::Issued(issued) => Some(InvoiceStatus::of(issued.sums())),
            Self::Void(_) => Some(InvoiceStatus::Void),
        }
    }

    /// What it says, while it can be changed and issued.
    ///
    /// # Errors
    /// The rule by which it cannot.
    pub fn draft(&self) -> Result<&Draft, InvoiceError> {
        match self {
            Self::Unborn => Err(InvoiceError::NotFound),
            Self::Draft { draft, .. } => Ok(draft),
            Self::Discarded => Err(InvoiceError::Discarded),
            Self::Issued(_) => Err(InvoiceError::Issued),
            Self::Void(_) => Err(InvoiceError::Void),
        }
    }

    /// What is known of it once it is issued, void or not.
    pub fn issued(&self) -> Option<&Issued> {
        match self {
            Self::Unborn | Self::Draft { .. } | Self::Discarded => None,
            Self::Issued(issued) | Self::Void(issued) => Some(issued),
        }
    }

    /// What is known of it while it counts: once it is issued, unless it is void.
    ///
    /// # Errors
    /// The rule by which it does not.
    pub fn counting(&self) -> Result<&Issued, InvoiceError> {
        match self {
            Self::Issued(issued) => Ok(issued),
            Self::Unborn | Self::Draft { .. } | Self::Discarded | Self::Void(_) => {
                self.draft().and(Err(InvoiceError::NotIssued))
            }
        }
    }

    /// When it got its status, in business time.
    pub fn last_change(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Unborn | Self::Discarded => None,
            Self::Draft { since, .. } => Some(*since),
            Self::Issued(issued) | Self::Void(issued) => Some(issued.since),
        }
    }
}

/// What an issued invoice comes to by now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sums {
    /// What was to be paid when it was issued.
    pub payable: Money,
    /// What is still to be paid.
    pub outstanding: Money,
    /// What of it is given up.
    pub written_off: Money,
    /// What of it was taken back.
    pub credited: Money,
}

impl InvoiceStatus {
    /// Where an issued invoice stands.
    pub fn of(sums: Sums) -> Self {
        let Sums { payable, outstanding, written_off, credited } = sums;
        if !outstanding.is_zero() {
            return if outstanding == payable { Self::Issued } else { Self::PartlyPaid };
        }
        match (written_off.is_zero(), credited == payable && !payable.is_zero()) {
            (false, _) => Self::WrittenOff,
            (true, true) => Self::Credited,
            (true, false) => Self::Paid,
        }
    }
}

impl Issued {
    /// What it comes to by now.
    pub fn sums(&self) -> Sums {
        let Self { payable, outstanding, written_off, .. } = *self;
        Sums { payable, outstanding, written_off, credited: self.credited() }
    }

    /// All credit notes together.
    pub fn credited(&self) -> Money {
        let nothing = Money::zero(self.payable.currency());
        // Together they are never more than the invoice, which is an amount.
        self.credit_notes.iter().fold(nothing, |sum, one| sum.plus(one.payable).unwrap_or(sum))
    }
}
