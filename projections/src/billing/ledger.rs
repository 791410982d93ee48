//! `billing_ledger`: all that changes what customers owe, an entry for each event.

use chrono::{DateTime, NaiveDate, Utc};
use domain::billing::invoice::InvoiceEvent;
use domain::billing::payment::PaymentEvent;
use domain::{Currency, Event, InvoiceId, Money, PaymentId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{INVOICE, PAYMENT};
use crate::projection::{Fact, FoldError, Projection};

/// An entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its id.
    pub id: Uuid,
    /// What happened.
    pub kind: EntryKind,
    /// On which day, in the books.
    pub booked_on: NaiveDate,
    /// The invoice, if it is about one.
    pub invoice_id: Option<InvoiceId>,
    /// The payment, if it is about one.
    pub payment_id: Option<PaymentId>,
    /// The currency.
    pub currency: Currency,
    /// By how much what is to be paid of the invoice changes.
    #[serde(with = "rust_decimal::serde::str")]
    pub outstanding: Decimal,
    /// By how much what the customer owes in all changes.
    #[serde(with = "rust_decimal::serde::str")]
    pub balance: Decimal,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Where it is in the log.
    pub position: i64,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// An invoice was issued.
    InvoiceIssued,
    /// An invoice was declared void.
    InvoiceVoided,
    /// A payment came.
    PaymentReceived,
    /// A payment was taken back.
    PaymentReversed,
    /// A payment settles an invoice; what is owed in all stays.
    PaymentApplied,
    /// A payment settles an invoice no longer; what is owed in all stays.
    PaymentUnapplied,
    /// Something went back to the customer.
    Refunded,
    /// It did not go back after all.
    RefundCancelled,
    /// What was to be paid of an invoice is given up.
    WrittenOff,
    /// It is expected again.
    WriteOffReversed,
    /// Some of an invoice was taken back.
    CreditNoteIssued,
    /// It is owed again.
    CreditNoteVoided,
}

/// The read model.
pub struct Ledger;

/// What an event says of the books.
struct Entry {
    kind: EntryKind,
    on: NaiveDate,
    payment: Option<PaymentId>,
    amount: Money,
    /// What it does to what is to be paid of the invoice.
    outstanding: Effect,
    /// What it does to what the customer owes in all.
    balance: Effect,
}

/// What an amount does to a sum.
#[derive(Clone, Copy)]
enum Effect {
    Adds,
    Takes,
    Nothing,
}

impl Effect {
    fn of(self, amount: Money) -> Decimal {
        match self {
            Self::Adds => amount.amount(),
            Self::Takes => -amount.amount(),
            Self::Nothing => Money::zero(amount.currency()).amount(),
        }
    }
}

impl Projection for Ledger {
    type Row = LedgerRow;
    const NAME: &'static str = "billing_ledger";
    const READS: &'static [&'static str] = &[INVOICE, PAYMENT];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        if entry(fact).is_some() { vec![fact.event_id] } else { Vec::new() }
    }

    fn apply(row: &mut Option<LedgerRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Some(Entry { kind, on, payment, amount, outstanding, balance }) = entry(fact) else {
            return Ok(());
        };
        let is_invoice = matches!(fact.payload, Event::Invoice(_));
        *row = Some(LedgerRow {
            id: key,
            kind,
            booked_on: on,
            invoice_id: is_invoice.then(|| fact.aggregate_id.into()),
            payment_id: if is_invoice { payment } else { Some(fact.aggregate_id.into()) },
            currency: amount.currency(),
            outstanding: outstanding.of(amount),
            balance: balance.of(amount),
            recorded_at: fact.recorded_at,
            position: fact.position,
        });
        Ok(())
    }
}

fn entry(fact: &Fact) -> Option<Entry> {
    match &fact.payload {
        Event::Invoice(event) => of_invoice(event),
        Event::Payment(event) => of_payment(event),
        Event::Pipeline(_)
        | Event::Lead(_)
        | Event::Opportunity(_)
        | Event::Import(_)
        | Event::User(_)
        | Event::Session(_)
        | Event::CustomRole(_)
        | Event::Team(_)
        | Event::Tenant(_)
        | Event::Policy(_)
        | Event::Provider(_)
        | Event::LegalEntity(_)
        | Event::Customer(_)
        | Event::Series(_) => None,
    }
}

fn of_invoice(event: &InvoiceEvent) -> Option<Entry> {
    let entry = |kind, on, payment, amount: &Money, outstanding, balance| {
        Some(Entry { kind, on, payment, amount: *amount, outstanding, balance })
    };
    match event {
        InvoiceEvent::Drafted { .. }
        | InvoiceEvent::LinesReplaced { .. }
        | InvoiceEvent::Discarded { .. } => None,
        InvoiceEvent::Issued { document, .. } => entry(
            EntryKind::InvoiceIssued,
            document.issue_date,
            None,
            &document.totals.payable,
            Effect::Adds,
            Effect::Adds,
        ),
        InvoiceEvent::Voided { payable, at, .. } => {
            entry(EntryKind::InvoiceVoided, at.date_naive(), None, payable, Effect::Takes, Effect::Takes)
        }
        InvoiceEvent::PaymentApplied { payment, amount, at, .. } => entry(
            EntryKind::PaymentApplied,
            at.date_naive(),
            Some(*payment),
            amount,
            Effect::Takes,
            Effect::Nothing,
        ),
        InvoiceEvent::PaymentUnapplied { payment, amount, at, .. } => entry(
            EntryKind::PaymentUnapplied,
            at.date_naive(),
            Some(*payment),
            amount,
            Effect::Adds,
            Effect::Nothing,
        ),
        InvoiceEvent::WrittenOff { amount, at, .. } => {
            entry(EntryKind::WrittenOff, at.date_naive(), None, amount, Effect::Takes, Effect::Takes)
        }
        InvoiceEvent::CreditNoteIssued { document, .. } => {
            let (on, amount) = (document.issue_date, &document.totals.payable);
            entry(EntryKind::CreditNoteIssued, on, None, amount, Effect::Takes, Effect::Takes)
        }
        InvoiceEvent::CreditNoteVoided { issue_date, amount, at, .. } => {
            let on = at.date_naive().max(*issue_date);
            entry(EntryKind::CreditNoteVoided, on, None, amount, Effect::Adds, Effect::Adds)
        }
        InvoiceEvent::WriteOffReversed { amount, at, .. } => {
            entry(EntryKind::WriteOffReversed, at.date_naive(), None, amount, Effect::Adds, Effect::Adds)
        }
    }
}

fn of_payment(event: &PaymentEvent) -> Option<Entry> {
    let entry = |kind, on, amount: &Money, balance| {
        Some(Entry { kind, on, payment: None, amount: *amount, outstanding: Effect::Nothing, balance })
    };
    match event {
        PaymentEvent::Recorded { receipt, .. } => {
            entry(EntryKind::PaymentReceived, receipt.received_on, &receipt.amount, Effect::Takes)
        }
        PaymentEvent::Reversed { amount, at, .. } => {
            entry(EntryKind::PaymentReversed, at.date_naive(), amount, Effect::Adds)
        }
        PaymentEvent::Refunded { amount, on, .. } => entry(EntryKind::Refunded, *on, amount, Effect::Adds),
        PaymentEvent::RefundCancelled { amount, at, .. } => {
            entry(EntryKind::RefundCancelled, at.date_naive(), amount, Effect::Takes)
        }
        // The invoice tells.
        PaymentEvent::Applied { .. } | PaymentEvent::Unapplied { .. } => None,
    }
}
