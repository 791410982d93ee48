//! One example of each event of a payment.

use super::{Method, PaymentEvent, Receipt};
use crate::billing::customer::fixtures::{CUSTOMER, currency};
use crate::billing::invoice::fixtures::INVOICE;
use crate::billing::legal_entity::fixtures::LEGAL_ENTITY;
use crate::fixtures::{at, id, march, text};
use crate::{Money, PaymentId, RefundId};

/// The payment of the examples.
pub const PAYMENT: PaymentId = id(241);
/// The repayment of the examples.
pub const REFUND: RefundId = id(242);

/// One of each.
pub fn all() -> Vec<PaymentEvent> {
    vec![recorded(), applied(), unapplied(), refunded(), refund_cancelled(), reversed()]
}

/// An amount in the currency of the example of an invoice.
///
/// # Panics
/// If it is none.
pub fn dollars(amount: &str) -> Money {
    Money::parse(amount, currency("USD")).expect("an amount")
}

/// What is told of the payment: 300 dollars, on the 4th of March.
pub fn receipt() -> Receipt {
    Receipt {
        legal_entity: LEGAL_ENTITY,
        customer: CUSTOMER,
        amount: dollars("300"),
        received_on: march(4),
        method: Method::BankTransfer,
        reference: Some(text("INV-2026-00001").into()),
    }
}

/// `payment.recorded`, on the 4th of March
pub fn recorded() -> PaymentEvent {
    PaymentEvent::Recorded { receipt: Box::new(receipt()), at: at(4, 9) }
}

/// `payment.applied`, on the 5th of March
pub fn applied() -> PaymentEvent {
    let (amount, unapplied) = (dollars("100"), dollars("200"));
    PaymentEvent::Applied { invoice: INVOICE, amount, unapplied, at: at(5, 9) }
}

/// `payment.unapplied`, on the 6th of March
pub fn unapplied() -> PaymentEvent {
    let (amount, unapplied) = (dollars("100"), dollars("300"));
    PaymentEvent::Unapplied { invoice: INVOICE, amount, unapplied, at: at(6, 9) }
}

/// `payment.refunded`, on the 7th of March
pub fn refunded() -> PaymentEvent {
    PaymentEvent::Refunded {
        refund: REFUND,
        amount: dollars("50"),
        on: march(7),
        unapplied: dollars("250"),
        at: at(7, 9),
    }
}

/// `payment.refund_cancelled`, on the 8th of March
pub fn refund_cancelled() -> PaymentEvent {
    PaymentEvent::RefundCancelled {
        refund: REFUND,
        amount: dollars("50"),
        unapplied: dollars("300"),
        at: at(8, 9),
    }
}

/// `payment.reversed`, on the 9th of March
pub fn reversed() -> PaymentEvent {
    PaymentEvent::Reversed { amount: dollars("300"), reason: text("The bank drew it back"), at: at(9, 9) }
}
