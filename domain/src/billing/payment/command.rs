//! What can be asked of a payment.

use chrono::NaiveDate;

use super::Receipt;
use crate::{Command, InvoiceId, Money, RefundId, Text};

/// An action on a payment, with its times.
pub type PaymentCommand = Command<PaymentAction>;

/// What to do with a payment.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PaymentAction {
    /// Take it down.
    Record(Box<Receipt>),
    /// Have some of it settle an invoice. The caller has the invoice say the same in the same append.
    Apply {
        /// The invoice.
        invoice: InvoiceId,
        /// How much of it.
        amount: Money,
    },
    /// Have it settle an invoice no longer. The caller has the invoice say the same in the same append.
    Unapply {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// Give some of what is left back to the customer.
    Refund {
        /// Which repayment it is.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// On which day it went.
        on: NaiveDate,
    },
    /// Take back that some of it went back.
    CancelRefund {
        /// Which repayment it was.
        refund: RefundId,
    },
    /// Take back that it came at all: it was drawn back, or never was one.
    Reverse {
        /// Why.
        reason: Text<500>,
    },
}
