//! `billing_credit_note_list`: what of invoices was taken back, and `billing_credit_note_document`: what the documents say that tell so.

use chrono::{DateTime, NaiveDate, Utc};
use domain::billing::invoice::{CreditNote, InvoiceEvent, Totals};
use domain::billing::series::DocumentNumber;
use domain::{CreditNoteId, Currency, Event, InvoiceId, LegalEntityId, SeriesId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::INVOICE;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditNoteRow {
    /// Its id.
    pub id: CreditNoteId,
    /// Its number.
    pub number: DocumentNumber,
    /// Issued or void.
    pub status: CreditNoteStatus,
    /// The invoice that it is of.
    pub invoice_id: InvoiceId,
    /// Who issued it.
    pub legal_entity_id: LegalEntityId,
    /// The series of its number.
    pub series_id: SeriesId,
    /// Its currency.
    pub currency: Currency,
    /// What it comes to.
    pub totals: Totals,
    /// Why it was issued.
    pub reason: Text<500>,
    /// Its date.
    pub issue_date: NaiveDate,
    /// Why it is void.
    pub void_reason: Option<Text<500>>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of the last event of its invoice that is about it.
    pub version: i64,
}

/// Where a credit note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditNoteStatus {
    /// It counts.
    Issued,
    /// It counts no longer.
    Void,
}

/// What a credit note says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditNoteDocumentRow {
    /// Its id.
    pub id: CreditNoteId,
    /// Its number.
    pub number: DocumentNumber,
    /// Issued or void.
    pub status: CreditNoteStatus,
    /// What it says, as it was issued.
    pub document: CreditNote,
    /// The sequence of the last event of its invoice that is about it.
    pub version: i64,
}

/// The read model.
pub struct CreditNoteList;

/// The read model of what they say.
pub struct CreditNoteDocuments;

/// The row that an event is about.
fn keys(fact: &Fact) -> Vec<Uuid> {
    let Event::Invoice(event) = &fact.payload else { return Vec::new() };
    event.credit_note().map(CreditNoteId::as_uuid).into_iter().collect()
}

impl Projection for CreditNoteDocuments {
    type Row = CreditNoteDocumentRow;
    const NAME: &'static str = "billing_credit_note_document";
    const READS: &'static [&'static str] = &[INVOICE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        keys(fact)
    }

    fn apply(row: &mut Option<CreditNoteDocumentRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Invoice(event) = &fact.payload else { return Ok(()) };
        if let InvoiceEvent::CreditNoteIssued { credit_note, number, document, .. } = event {
            *row = Some(CreditNoteDocumentRow {
                id: *credit_note,
                number: number.clone(),
                status: CreditNoteStatus::Issued,
                document: CreditNote::clone(document),
                version: fact.sequence,
            });
        } else if let InvoiceEvent::CreditNoteVoided { .. } = event {
            let credit_note = existing(row, key, fact)?;
            credit_note.status = CreditNoteStatus::Void;
            credit_note.version = fact.sequence;
        }
        Ok(())
    }
}

impl Projection for CreditNoteList {
    type Row = CreditNoteRow;
    const NAME: &'static str = "billing_credit_note_list";
    const READS: &'static [&'static str] = &[INVOICE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        keys(fact)
    }

    fn apply(row: &mut Option<CreditNoteRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Invoice(event) = &fact.payload else { return Ok(()) };
        if let InvoiceEvent::CreditNoteIssued {
            credit_note,
            number,
            series,
            legal_entity,
            document,
            at,
            ..
        } = event
        {
            *row = Some(CreditNoteRow {
                id: *credit_note,
                number: number.clone(),
                status: CreditNoteStatus::Issued,
                invoice_id: fact.aggregate_id.into(),
                legal_entity_id: *legal_entity,
                series_id: *series,
                currency: document.currency,
                totals: document.totals,
                reason: document.reason.clone(),
                issue_date: document.issue_date,
                void_reason: None,
                status_since: *at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
        } else if let InvoiceEvent::CreditNoteVoided { reason, at, .. } = event {
            let credit_note = existing(row, key, fact)?;
            credit_note.status = CreditNoteStatus::Void;
            credit_note.status_since = *at;
            credit_note.void_reason = Some(reason.clone());
            credit_note.updated_at = fact.recorded_at;
            credit_note.version = fact.sequence;
        }
        Ok(())
    }
}
