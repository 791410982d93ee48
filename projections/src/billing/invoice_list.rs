//! `billing_invoice_list`: invoices as they are now, without what they say in detail.

use chrono::{DateTime, NaiveDate, Utc};
use domain::billing::invoice::{Document, InvoiceEvent, InvoiceStatus, Sums, Totals};
use domain::billing::series::DocumentNumber;
use domain::{
    CreditNoteId, Currency, CustomerId, Event, InvoiceId, LegalEntityId, Money, PaymentId, Personal,
    SeriesId, Text,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::INVOICE;
use crate::erased;
use crate::projection::{Fact, FoldError, Projection, existing};

/// An invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceRow {
    /// Its id.
    pub id: InvoiceId,
    /// Its number, once it is issued.
    pub number: Option<DocumentNumber>,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// Who issues it.
    pub legal_entity_id: LegalEntityId,
    /// Who is billed.
    pub customer_id: CustomerId,
    /// What the customer was called when it was issued.
    pub customer_name: Option<Personal<Text<200>>>,
    /// The series of its number, once it is issued.
    pub series_id: Option<SeriesId>,
    /// Its currency.
    pub currency: Currency,
    /// What it comes to.
    pub totals: Totals,
    /// What was paid of it.
    pub paid: Money,
    /// What of it is given up.
    pub written_off: Money,
    /// What of it was taken back by credit notes.
    pub credited: Money,
    /// What is still to be paid: of an issued invoice payable − paid − written off − credited, otherwise nothing.
    pub outstanding: Money,
    /// Which payments settle it, in the order in which they were applied.
    pub payments: Vec<AppliedPayment>,
    /// Its credit notes, the latest last.
    pub credit_notes: Vec<CreditNoteOf>,
    /// What the buyer wants to find on it.
    pub reference: Option<Text<100>>,
    /// Its date, once it is issued.
    pub issue_date: Option<NaiveDate>,
    /// Until when it is to be paid, once it is issued.
    pub due_date: Option<NaiveDate>,
    /// Why it is void.
    pub void_reason: Option<Text<500>>,
    /// When it was drafted.
    pub drafted_at: DateTime<Utc>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// What of a payment settles an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppliedPayment {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// When.
    pub applied_at: DateTime<Utc>,
}

/// A credit note of an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditNoteOf {
    /// Which one it is.
    pub credit_note_id: CreditNoteId,
    /// Its number.
    pub number: DocumentNumber,
    /// How much it takes back.
    pub amount: Money,
}

/// The read model.
pub struct InvoiceList;

impl Projection for InvoiceList {
    type Row = InvoiceRow;
    const NAME: &'static str = "billing_invoice_list";
    const READS: &'static [&'static str] = &[INVOICE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<InvoiceRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Invoice(event) = &fact.payload else { return Ok(()) };
        if let InvoiceEvent::Drafted {
            legal_entity,
            customer,
            currency,
            reference,
            note: _,
            lines: _,
            adjustments: _,
            totals,
            at,
        } = event
        {
            *row = Some(InvoiceRow {
                id: InvoiceId::from_uuid(key),
                number: None,
                status: InvoiceStatus::Draft,
                legal_entity_id: *legal_entity,
                customer_id: *customer,
                customer_name: None,
                series_id: None,
                currency: *currency,
                totals: *totals,
                paid: Money::zero(*currency),
                written_off: Money::zero(*currency),
                credited: Money::zero(*currency),
                outstanding: Money::zero(*currency),
                payments: Vec::new(),
                credit_notes: Vec::new(),
                reference: reference.clone(),
                issue_date: None,
                due_date: None,
                void_reason: None,
                drafted_at: *at,
                status_since: *at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let invoice = existing(row, key, fact)?;
        match event {
            InvoiceEvent::Drafted { .. } => {}
            InvoiceEvent::LinesReplaced { totals, .. } => invoice.totals = *totals,
            InvoiceEvent::Discarded { .. } => {
                *row = None;
                return Ok(());
            }
            InvoiceEvent::Issued { number, series, document, at, .. } => {
                invoice.number = Some(number.clone());
                invoice.series_id = Some(*series);
                invoice.issue(document);
                invoice.settle(document.totals.payable, *at);
            }
            InvoiceEvent::Voided { reason, at, .. } => {
                invoice.enter(InvoiceStatus::Void, *at);
                invoice.void_reason = Some(reason.clone());
                invoice.outstanding = Money::zero(invoice.currency);
            }
            InvoiceEvent::PaymentApplied { payment, amount, outstanding, at } => {
                let (payment_id, amount, applied_at) = (*payment, *amount, *at);
                invoice.payments.push(AppliedPayment { payment_id, amount, applied_at });
                invoice.settle(*outstanding, *at);
            }
            InvoiceEvent::PaymentUnapplied { payment, outstanding, at, .. } => {
                invoice.payments.retain(|applied| applied.payment_id != *payment);
                invoice.settle(*outstanding, *at);
            }
            InvoiceEvent::WrittenOff { amount, at, .. } => {
                invoice.written_off = invoice.written_off.plus(*amount).unwrap_or(*amount);
                invoice.settle(Money::zero(invoice.currency), *at);
            }
            InvoiceEvent::CreditNoteIssued { credit_note, number, document, outstanding, at, .. } => {
                let (credit_note_id, number, amount) =
                    (*credit_note, number.clone(), document.totals.payable);
                invoice.credited = invoice.credited.plus(amount).unwrap_or(amount);
                invoice.credit_notes.push(CreditNoteOf { credit_note_id, number, amount });
                invoice.settle(*outstanding, *at);
            }
            InvoiceEvent::CreditNoteVoided { credit_note, amount, outstanding, at, .. } => {
                invoice.credited = invoice.credited.minus(*amount).unwrap_or(invoice.credited);
                invoice.credit_notes.retain(|one| one.credit_note_id != *credit_note);
                invoice.settle(*outstanding, *at);
            }
            InvoiceEvent::WriteOffReversed { outstanding, at, .. } => {
                invoice.written_off = Money::zero(invoice.currency);
                invoice.settle(*outstanding, *at);
            }
        }
        invoice.updated_at = fact.recorded_at;
        invoice.version = fact.sequence;
        Ok(())
    }
}

impl InvoiceRow {
    fn enter(&mut self, status: InvoiceStatus, at: DateTime<Utc>) {
        self.status = status;
        self.status_since = at;
    }

    /// Enters the status that goes with what is still to be paid.
    fn settle(&mut self, outstanding: Money, at: DateTime<Utc>) {
        let payable = self.totals.payable;
        self.outstanding = outstanding;
        let Self { written_off, credited, .. } = *self;
        let settled = payable.minus(outstanding).and_then(|settled| settled.minus(written_off));
        self.paid = settled.and_then(|settled| settled.minus(credited)).unwrap_or(self.paid);
        self.enter(InvoiceStatus::of(Sums { payable, outstanding, written_off, credited }), at);
    }

    fn issue(&mut self, document: &Document) {
        let name = document.buyer.reveal().map(|buyer| Personal::new(buyer.name.clone()));
        self.customer_name = Some(name.unwrap_or(Personal::erased()).or_else(erased::text));
        self.totals = document.totals;
        self.issue_date = Some(document.issue_date);
        self.due_date = Some(document.due_date);
    }
}
