//! What a payment remembers of its events.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::PaymentError;
use crate::billing::invoice::Issued;
use crate::{CustomerId, InvoiceId, LegalEntityId, Money, Personal, RefundId, Text};

/// How a payment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// From an account of a bank to another.
    BankTransfer,
    /// Drawn from the customer's account.
    DirectDebit,
    /// By a card.
    Card,
    /// In coins and notes.
    Cash,
    /// By a cheque.
    Cheque,
    /// In some other way.
    Other,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentStatus {
    /// The money is there.
    Received,
    /// It was none, or was drawn back.
    Reversed,
}

/// A payment, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Payment {
    /// Not recorded yet.
    #[default]
    Unborn,
    /// The money is there.
    Received(Box<Received>),
    /// It was none, or was drawn back.
    Reversed(Box<Received>),
}

/// What is told of a payment when it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who received it.
    pub legal_entity: LegalEntityId,
    /// Who paid.
    pub customer: CustomerId,
    /// How much.
    pub amount: Money,
    /// On which day it was there.
    pub received_on: NaiveDate,
    /// How it came.
    pub method: Method,
    /// What the payer wrote on it. Personal: they may be people.
    pub reference: Option<Personal<Text<200>>>,
}

/// What further commands have to know of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// What was told when it was recorded.
    pub receipt: Receipt,
    /// What of it settles which invoice.
    pub applied: BTreeMap<InvoiceId, Money>,
    /// What of it went back.
    pub refunds: BTreeMap<RefundId, Money>,
    /// What of it is left on the account of the customer.
    pub unapplied: Money,
    /// When it came into its state, in business time.
    pub since: DateTime<Utc>,
}

impl Payment {
    /// Where it stands; none before it is recorded.
    pub fn status(&self) -> Option<PaymentStatus> {
        match self {
            Self::Unborn => None,
            Self::Received(_) => Some(PaymentStatus::Received),
            Self::Reversed(_) => Some(PaymentStatus::Reversed),
        }
    }

    /// What is known of it, while it counts.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Reversed`].
    pub fn received(&self) -> Result<&Received, PaymentError> {
        match self {
            Self::Unborn => Err(PaymentError::NotFound),
            Self::Received(received) => Ok(received),
            Self::Reversed(_) => Err(PaymentError::Reversed),
        }
    }

    /// When it came into its state, in business time.
    pub fn last_change(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Unborn => None,
            Self::Received(received) | Self::Reversed(received) => Some(received.since),
        }
    }
}

impl Receipt {
    /// Refuses to settle an invoice of another customer, or of another legal entity.
    ///
    /// # Errors
    /// [`PaymentError::OtherAccount`].
    pub fn may_settle(&self, invoice: &Issued) -> Result<(), PaymentError> {
        if (self.legal_entity, self.customer) == (invoice.legal_entity, invoice.customer) {
            Ok(())
        } else {
            Err(PaymentError::OtherAccount)
        }
    }
}
