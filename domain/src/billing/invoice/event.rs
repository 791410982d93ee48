//! What happens to an invoice.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{Document, Totals};
use crate::billing::series::DocumentNumber;
use crate::billing::{DocumentAdjustment, Line};
use crate::{Currency, CustomerId, LegalEntityId, Money, Prose, SeriesId, Text};

/// An event of an invoice. `at` is the business time at which a status was entered.
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
    /// It was issued. It never changes again.
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
}

impl InvoiceEvent {
    /// The number that a document has from now on, and whose documents have no other with it.
    pub fn number_taken(&self) -> Option<(LegalEntityId, &DocumentNumber)> {
        match self {
            Self::Issued { legal_entity, number, .. } => Some((*legal_entity, number)),
            Self::Drafted { .. }
            | Self::LinesReplaced { .. }
            | Self::Discarded { .. }
            | Self::Voided { .. } => None,
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
