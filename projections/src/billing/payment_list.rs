//! `billing_payment_list`: payments of customers, and what they settle.

use chrono::{DateTime, NaiveDate, Utc};
use domain::billing::payment::{Method, PaymentEvent, PaymentStatus};
use domain::{CustomerId, Event, InvoiceId, LegalEntityId, Money, PaymentId, Personal, RefundId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PAYMENT;
use crate::erased;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Received or reversed.
    pub status: PaymentStatus,
    /// Who received it.
    pub legal_entity_id: LegalEntityId,
    /// Who paid.
    pub customer_id: CustomerId,
    /// How much.
    pub amount: Money,
    /// What of it is left on the account of the customer; nothing once it was reversed.
    pub unapplied: Money,
    /// On which day it was there.
    pub received_on: NaiveDate,
    /// How it came.
    pub method: Method,
    /// What the payer wrote on it.
    pub reference: Option<Personal<Text<200>>>,
    /// Which invoices it settles, in the order in which it was applied to them.
    pub invoices: Vec<SettledInvoice>,
    /// What of it went back.
    pub refunds: Vec<Refund>,
    /// Why it was reversed.
    pub reversal_reason: Option<Text<500>>,
    /// When it was recorded, in business time.
    pub recorded_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// An invoice that a payment settles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettledInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much.
    pub amount: Money,
    /// When.
    pub applied_at: DateTime<Utc>,
}

/// A repayment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// On which day it went.
    pub refunded_on: NaiveDate,
}

/// The read model.
pub struct PaymentList;

impl Projection for PaymentList {
    type Row = PaymentRow;
    const NAME: &'static str = "billing_payment_list";
    const READS: &'static [&'static str] = &[PAYMENT];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<PaymentRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Payment(event) = &fact.payload else { return Ok(()) };
        if let PaymentEvent::Recorded { receipt, at } = event {
            let reference = receipt.reference.as_ref();
            *row = Some(PaymentRow {
                id: PaymentId::from_uuid(key),
                status: PaymentStatus::Received,
                legal_entity_id: receipt.legal_entity,
                customer_id: receipt.customer,
                amount: receipt.amount,
                unapplied: receipt.amount,
                received_on: receipt.received_on,
                method: receipt.method,
                reference: reference.map(|text| text.clone().or_else(erased::text)),
                invoices: Vec::new(),
                refunds: Vec::new(),
                reversal_reason: None,
                recorded_at: *at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let payment = existing(row, key, fact)?;
        match event {
            PaymentEvent::Recorded { .. } => {}
            PaymentEvent::Applied { invoice, amount, unapplied, at } => {
                let (invoice_id, amount, applied_at) = (*invoice, *amount, *at);
                payment.invoices.push(SettledInvoice { invoice_id, amount, applied_at });
                payment.unapplied = *unapplied;
            }
            PaymentEvent::Unapplied { invoice, unapplied, .. } => {
                payment.invoices.retain(|settled| settled.invoice_id != *invoice);
                payment.unapplied = *unapplied;
            }
            PaymentEvent::Refunded { refund, amount, on, unapplied, .. } => {
                let (refund_id, amount, refunded_on) = (*refund, *amount, *on);
                payment.refunds.push(Refund { refund_id, amount, refunded_on });
                payment.unapplied = *unapplied;
            }
            PaymentEvent::RefundCancelled { refund, unapplied, .. } => {
                payment.refunds.retain(|made| made.refund_id != *refund);
                payment.unapplied = *unapplied;
            }
            PaymentEvent::Reversed { reason, .. } => {
                payment.status = PaymentStatus::Reversed;
                payment.unapplied = Money::zero(payment.amount.currency());
                payment.reversal_reason = Some(reason.clone());
            }
        }
        payment.updated_at = fact.recorded_at;
        payment.version = fact.sequence;
        Ok(())
    }
}
