//! Bodies of commands on invoices.

use domain::billing::{
    Adjustment, AdjustmentKind, DocumentAdjustment, ExchangeRate, Line, Measure, Period, Quantity, Tax, Unit,
    UnitPrice,
};
use domain::{CreditNoteId, Currency, CustomerId, LegalEntityId, Prose, SeriesId, Text};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CreditOn, DraftOf};
use crate::CommandError;
use crate::billing::body::{AdjustmentKindShape, MeasureShape, TaxShape};
use crate::moment::{Day, Moment};

/// An invoice to draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceIn {
    /// Who is to issue it.
    #[schema(value_type = uuid::Uuid)]
    pub legal_entity_id: LegalEntityId,
    /// Who is to be billed.
    #[schema(value_type = uuid::Uuid)]
    pub customer_id: CustomerId,
    /// In which currency; that of the customer if left out.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 3, example = "EUR")]
    pub currency: Option<Currency>,
    /// What the buyer wants to find on it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "PO-17")]
    pub reference: Option<Text<100>>,
    /// What else it says; may have several lines.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub note: Option<Prose<2000>>,
    /// What is sold.
    #[serde(default)]
    #[schema(required = false, max_items = 500)]
    pub lines: Vec<LineIn>,
    /// What is taken off the whole or put on it.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub adjustments: Vec<DocumentAdjustmentIn>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// All that a draft bills from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinesIn {
    /// What is sold.
    #[schema(max_items = 500)]
    pub lines: Vec<LineIn>,
    /// What is taken off the whole or put on it.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub adjustments: Vec<DocumentAdjustmentIn>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Something that is sold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineIn {
    /// What it is.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "Cogwheel")]
    pub description: Text<500>,
    /// How much of it: at least 0.
    #[schema(value_type = String, pattern = r"^\d{1,8}(\.\d{1,4})?$", example = "3")]
    pub quantity: Quantity,
    /// In which unit: a code of UN/ECE Recommendation 20.
    #[schema(value_type = String, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub unit: Unit,
    /// What one unit costs, without tax, in the currency of the invoice.
    #[schema(value_type = String, pattern = r"^\d{1,10}(\.\d{1,6})?$", example = "33.50")]
    pub price: UnitPrice,
    /// What is taken off or put on before tax.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub adjustments: Vec<AdjustmentIn>,
    /// How it is taxed.
    #[schema(value_type = TaxShape)]
    pub tax: Tax,
    /// When it was or is provided, if not on the date of the invoice.
    pub period: Option<PeriodIn>,
}

/// Something that is taken off a line, or put on it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentIn {
    /// Off or on.
    #[schema(value_type = AdjustmentKindShape)]
    pub kind: AdjustmentKind,
    /// How much.
    #[schema(value_type = MeasureShape)]
    pub by: Measure,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Discount")]
    pub reason: Text<200>,
}

/// Something that is taken off an invoice as a whole, or put on it, among what is taxed in one way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentAdjustmentIn {
    /// Off or on.
    #[schema(value_type = AdjustmentKindShape)]
    pub kind: AdjustmentKind,
    /// How much.
    #[schema(value_type = MeasureShape)]
    pub by: Measure,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Freight")]
    pub reason: Text<200>,
    /// How it is taxed.
    #[schema(value_type = TaxShape)]
    pub tax: Tax,
}

/// Days from one to another, both included.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodIn {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// How to issue a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueIn {
    /// The series whose next number it gets; one of the legal entity.
    #[schema(value_type = uuid::Uuid)]
    pub series_id: SeriesId,
    /// Its date; the day on which it happens, in UTC, if left out. Never in the future.
    pub issue_date: Option<Day>,
    /// What one unit of its currency is worth in that of the legal entity, if and only if they differ.
    #[schema(value_type = Option<String>, pattern = r"^\d{1,6}(\.\d{1,8})?$", example = "0.92")]
    pub exchange_rate: Option<ExchangeRate>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Of which issue to show a preview.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewIn {
    /// The date that the invoice would have; today, in UTC, if left out.
    pub issue_date: Option<Day>,
    /// What one unit of its currency is worth in that of the legal entity, if and only if they differ.
    #[schema(value_type = Option<String>, pattern = r"^\d{1,6}(\.\d{1,8})?$", example = "0.92")]
    pub exchange_rate: Option<ExchangeRate>,
}

/// Why an invoice or a credit note is void.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidIn {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "Sent to somebody else")]
    pub reason: Text<500>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What of an invoice to take back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditIn {
    /// The series whose next number the credit note gets; one of the legal entity.
    #[schema(value_type = uuid::Uuid)]
    pub series_id: SeriesId,
    /// Its date; the day on which it happens, in UTC, if left out. Neither in the future nor before that of the invoice.
    pub issue_date: Option<Day>,
    /// Why it is issued.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "Two of three were broken")]
    pub reason: Text<500>,
    /// What is taken back, taxed as on the invoice; all that is left of the invoice if left out.
    #[serde(default)]
    #[schema(required = false, max_items = 500)]
    pub lines: Option<Vec<LineIn>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Why what is still to be paid is given up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteOffIn {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "The customer is bankrupt")]
    pub reason: Text<500>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl LinesIn {
    /// What it says, in the words of the domain.
    ///
    /// # Errors
    /// Periods that end before they begin.
    pub fn parts(self) -> Result<(Vec<Line>, Vec<DocumentAdjustment>), CommandError> {
        Ok((lines(self.lines)?, self.adjustments.into_iter().map(Into::into).collect()))
    }
}

impl TryFrom<InvoiceIn> for DraftOf {
    type Error = CommandError;

    fn try_from(sent: InvoiceIn) -> Result<Self, CommandError> {
        Ok(Self {
            legal_entity: sent.legal_entity_id,
            customer: sent.customer_id,
            currency: sent.currency,
            reference: sent.reference,
            note: sent.note,
            lines: lines(sent.lines)?,
            adjustments: sent.adjustments.into_iter().map(Into::into).collect(),
        })
    }
}

impl TryFrom<CreditIn> for CreditOn {
    type Error = CommandError;

    fn try_from(sent: CreditIn) -> Result<Self, CommandError> {
        let CreditIn { series_id: series, issue_date, reason, lines: sent_lines, occurred_at: _ } = sent;
        Ok(Self {
            credit_note: CreditNoteId::from_uuid(Uuid::now_v7()),
            series,
            on: issue_date.map(Day::get),
            reason,
            lines: sent_lines.map(lines).transpose()?,
        })
    }
}

fn lines(sent: Vec<LineIn>) -> Result<Vec<Line>, CommandError> {
    sent.into_iter().enumerate().map(|(place, line)| line.line(place)).collect()
}

impl LineIn {
    fn line(self, place: usize) -> Result<Line, CommandError> {
        let Self { description, quantity, unit, price, adjustments, tax, period } = self;
        let period = period.map(|days| Period::new(days.from.get(), days.to.get())).transpose();
        let period = period
            .map_err(|invalid| CommandError::field(&format!("lines.{place}.period"), &invalid.to_string()))?;
        let adjustments = adjustments.into_iter().map(Into::into).collect();
        Ok(Line { description, quantity, unit, price, adjustments, tax, period })
    }
}

impl From<AdjustmentIn> for Adjustment {
    fn from(AdjustmentIn { kind, by, reason }: AdjustmentIn) -> Self {
        Self { kind, by, reason }
    }
}

impl From<DocumentAdjustmentIn> for DocumentAdjustment {
    fn from(DocumentAdjustmentIn { kind, by, reason, tax }: DocumentAdjustmentIn) -> Self {
        Self { kind, by, reason, tax }
    }
}
