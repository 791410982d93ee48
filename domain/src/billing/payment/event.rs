//! What happens to a payment.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Receipt;
use crate::{InvoiceId, Money, RefundId, Text};

/// An event of a payment. `at` is the business time; `unapplied` is what is left on the account of the customer after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentEvent {
    /// It came.
    Recorded {
        /// All that is told of it.
        receipt: Box<Receipt>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Some of it settles an invoice.
    Applied {
        /// The invoice.
        invoice: InvoiceId,
        /// How much.
        amount: Money,
        /// What is left.
        unapplied: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// It settles an invoice no longer.
    Unapplied {
        /// The invoice.
        invoice: InvoiceId,
        /// How much it was.
        amount: Money,
        /// What is left.
        unapplied: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// Some of it went back to the customer.
    Refunded {
        /// Which repayment it is.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// On which day it went.
        on: NaiveDate,
        /// What is left.
        unapplied: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// It did not go back after all.
    RefundCancelled {
        /// Which repayment it was.
        refund: RefundId,
        /// How much it was.
        amount: Money,
        /// What is left.
        unapplied: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// It did not come after all, or was drawn back. Nothing of it settles an invoice any more.
    Reversed {
        /// How much it was.
        amount: Money,
        /// Why.
        reason: Text<500>,
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for PaymentEvent {
    fn event_type(&self) -> String {
        format!("payment.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
