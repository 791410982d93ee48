//! What can be asked of an invoice.

use chrono::NaiveDate;

use super::{CreditOf, Draft};
use crate::billing::customer::Profile;
use crate::billing::legal_entity::Seller;
use crate::billing::series::DocumentNumber;
use crate::billing::{DocumentAdjustment, ExchangeRate, Line};
use crate::{Command, CreditNoteId, Money, PaymentId, SeriesId, Text};

/// An action on an invoice, with its times.
pub type InvoiceCommand = Command<InvoiceAction>;

/// What to do with an invoice.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum InvoiceAction {
    /// Write a draft, which has no number.
    Draft(Box<Draft>),
    /// Bill something else.
    ReplaceLines {
        /// All lines from now on.
        lines: Vec<Line>,
        /// All that is taken off the whole or put on it.
        adjustments: Vec<DocumentAdjustment>,
    },
    /// Throw the draft away.
    Discard,
    /// Issue it, for good. The caller draws the number in the same append.
    Issue(Box<Issuance>),
    /// Declare an issued invoice void. Its number stays used.
    Void {
        /// Why.
        reason: Text<500>,
    },
    /// Have a payment settle some of it. The caller has the payment say the same in the same append.
    ApplyPayment {
        /// The payment.
        payment: PaymentId,
        /// How much of it.
        amount: Money,
    },
    /// Have a payment settle it no longer. The caller has the payment say the same in the same append.
    UnapplyPayment {
        /// The payment.
        payment: PaymentId,
    },
    /// Give up what is still to be paid.
    WriteOff {
        /// Why.
        reason: Text<500>,
    },
    /// Expect again what was given up.
    ReverseWriteOff,
    /// Take back some of it, or all that is left, by a credit note. The caller draws its number in the same append.
    Credit(Box<CreditOf>),
    /// Declare its last credit note void, whose number stays used.
    VoidCreditNote {
        /// Which one it is.
        credit_note: CreditNoteId,
        /// Why.
        reason: Text<500>,
    },
}

/// What it takes to issue a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Issuance {
    /// Its number.
    pub number: DocumentNumber,
    /// The series that the number was drawn from.
    pub series: SeriesId,
    /// Who issues it, as they are now.
    pub seller: Seller,
    /// Who is billed, as they are now.
    pub buyer: Profile,
    /// Its date.
    pub on: NaiveDate,
    /// What one unit of its currency is worth in that of the seller, if they differ.
    pub exchange_rate: Option<ExchangeRate>,
}
