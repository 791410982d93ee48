//! `billing_invoice_document`: what invoices say in detail.

use domain::billing::invoice::{Document, InvoiceEvent, InvoiceStatus};
use domain::billing::series::DocumentNumber;
use domain::billing::{DocumentAdjustment, Line};
use domain::{Event, InvoiceId, Prose, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::INVOICE;
use crate::projection::{Fact, FoldError, Projection, existing};

/// What an invoice says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceDocumentRow {
    /// The invoice.
    pub id: InvoiceId,
    /// Its number, once it is issued.
    pub number: Option<DocumentNumber>,
    /// Draft, issued or void, whatever of it is settled.
    pub status: InvoiceStatus,
    /// What a draft says; none once it is issued.
    pub draft: Option<DraftContent>,
    /// What was issued, as it was.
    pub document: Option<Document>,
    /// The sequence of its last event.
    pub version: i64,
}

/// What a draft says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftContent {
    /// What the buyer wants to find on it.
    pub reference: Option<Text<100>>,
    /// What else it says.
    pub note: Option<Prose<2000>>,
    /// What is sold.
    pub lines: Vec<Line>,
    /// What is taken off the whole or put on it.
    pub adjustments: Vec<DocumentAdjustment>,
}

/// The read model.
pub struct InvoiceDocuments;

impl Projection for InvoiceDocuments {
    type Row = InvoiceDocumentRow;
    const NAME: &'static str = "billing_invoice_document";
    const READS: &'static [&'static str] = &[INVOICE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<InvoiceDocumentRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Invoice(event) = &fact.payload else { return Ok(()) };
        if let InvoiceEvent::Drafted { reference, note, lines, adjustments, .. } = event {
            let (lines, adjustments) = (lines.clone(), adjustments.clone());
            let draft = DraftContent { reference: reference.clone(), note: note.clone(), lines, adjustments };
            *row = Some(InvoiceDocumentRow {
                id: InvoiceId::from_uuid(key),
                number: None,
                status: InvoiceStatus::Draft,
                draft: Some(draft),
                document: None,
                version: fact.sequence,
            });
            return Ok(());
        }
        let invoice = existing(row, key, fact)?;
        match event {
            InvoiceEvent::Drafted { .. } => {}
            InvoiceEvent::LinesReplaced { lines, adjustments, .. } => {
                if let Some(draft) = &mut invoice.draft {
                    draft.lines.clone_from(lines);
                    draft.adjustments.clone_from(adjustments);
                }
            }
            InvoiceEvent::Discarded { .. } => {
                *row = None;
                return Ok(());
            }
            InvoiceEvent::Issued { number, document, .. } => {
                invoice.status = InvoiceStatus::Issued;
                invoice.number = Some(number.clone());
                invoice.draft = None;
                invoice.document = Some(Document::clone(document));
            }
            InvoiceEvent::Voided { .. } => invoice.status = InvoiceStatus::Void,
            // What it says stays.
            InvoiceEvent::PaymentApplied { .. }
            | InvoiceEvent::PaymentUnapplied { .. }
            | InvoiceEvent::WrittenOff { .. }
            | InvoiceEvent::CreditNoteIssued { .. }
            | InvoiceEvent::CreditNoteVoided { .. }
            | InvoiceEvent::WriteOffReversed { .. } => {}
        }
        invoice.version = fact.sequence;
        Ok(())
    }
}
