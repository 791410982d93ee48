//! Commands on invoices, for the routes and for callers in process.

use std::slice::from_ref;

use chrono::NaiveDate;
use domain::billing::customer::{Customer, Profile};
use domain::billing::invoice::{
    Document, Draft, Invoice, InvoiceAction, InvoiceError, Issuance, calculate, document, not_dated_in_future,
};
use domain::billing::legal_entity::{LegalEntity, Seller};
use domain::billing::series::{DocumentNumber, Series, SeriesAction};
use domain::billing::{DocumentAdjustment, ExchangeRate, Line};
use domain::{Currency, CustomerId, DocumentId, InvoiceId, LegalEntityId, Prose, Rule as _, SeriesId, Text};
use event_store::Loaded;

use crate::dispatch::{change, dispatch};
use crate::together::dispatch_together;
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// A draft to write, before it is known who is billed.
#[derive(Clone, Debug)]
pub struct DraftOf {
    /// Who is to issue it.
    pub legal_entity: LegalEntityId,
    /// Who is to be billed.
    pub customer: CustomerId,
    /// In which currency; that of the customer if none.
    pub currency: Option<Currency>,
    /// What the buyer wants to find on it.
    pub reference: Option<Text<100>>,
    /// What else it says.
    pub note: Option<Prose<2000>>,
    /// What is sold.
    pub lines: Vec<Line>,
    /// What is taken off the whole or put on it.
    pub adjustments: Vec<DocumentAdjustment>,
}

/// How to issue a draft.
#[derive(Clone, Copy, Debug)]
pub struct IssueOn {
    /// The series whose next number it gets.
    pub series: SeriesId,
    /// Its date; the day of the command if none.
    pub on: Option<NaiveDate>,
    /// What one unit of its currency is worth in that of the legal entity, if they differ.
    pub exchange_rate: Option<ExchangeRate>,
}

/// Writes a draft under an id that was never used.
///
/// # Errors
/// A rule of invoices or customers, or those of [`crate::dispatch()`].
pub async fn draft(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    new: DraftOf,
) -> Result<Accepted, CommandError> {
    let new = &new;
    dispatch(app, context, move |mut unit| async move {
        if unit.load::<LegalEntity>(new.legal_entity.as_uuid()).await?.sequence == 0 {
            return Err(CommandError::field("legal_entity_id", "must be a legal entity"));
        }
        let customer = unit.load::<Customer>(new.customer.as_uuid()).await?;
        let invoice = unit.unborn::<Invoice>(id.as_uuid()).await?;
        let draft = new.clone().for_customer(profile(&customer)?);
        let next = unit.decide(&invoice, [InvoiceAction::Draft(Box::new(draft.clone()))]);
        let next = next.map_err(|error| naming_place(error, &draft))?;
        let created = invoice.sequence == 0;
        Ok(unit.done(Accepted { created, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}

/// Bills something else.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn replace_lines(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    lines: Vec<Line>,
    adjustments: Vec<DocumentAdjustment>,
) -> Result<Accepted, CommandError> {
    let (lines, adjustments) = (&lines, &adjustments);
    dispatch(app, context, move |mut unit| async move {
        let invoice = unit.target::<Invoice>(id.as_uuid()).await?;
        let (lines, adjustments) = (lines.clone(), adjustments.clone());
        let draft = invoice.state.draft().map_err(|rule| CommandError::rule(&rule))?;
        let draft = Draft { lines: lines.clone(), adjustments: adjustments.clone(), ..draft.clone() };
        let next = unit.decide(&invoice, [InvoiceAction::ReplaceLines { lines, adjustments }]);
        let next = next.map_err(|error| naming_place(error, &draft))?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Throws a draft away.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn discard(app: &CommandApi, context: &Context, id: InvoiceId) -> Result<Accepted, CommandError> {
    act(app, context, id, InvoiceAction::Discard).await
}

/// Declares an issued invoice void.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn void(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, InvoiceAction::Void { reason }).await
}

/// Gives up what is still to be paid of an invoice.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn write_off(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, InvoiceAction::WriteOff { reason }).await
}

/// Expects again what was given up of an invoice.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn reverse_write_off(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
) -> Result<Accepted, CommandError> {
    act(app, context, id, InvoiceAction::ReverseWriteOff).await
}

/// Issues a draft under the next number of a series: one append has the number drawn and the invoice issued, as long as neither
/// series, nor seller, nor buyer has moved. The claim on the number is the last fence, for series whose patterns meet.
///
/// All who issue under one series draw their numbers one after the other, and are appended together.
///
/// # Errors
/// A rule of invoices, series or customers, or those of [`crate::dispatch()`].
pub async fn issue(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    terms: IssueOn,
) -> Result<Accepted, CommandError> {
    let IssueOn { series, on, exchange_rate } = terms;
    let done = dispatch_together(app, context, series.as_uuid(), move |mut unit| async move {
        let on = on.unwrap_or_else(|| unit.day());
        let invoice = unit.target::<Invoice>(id.as_uuid()).await?;
        let draft = invoice.state.draft().map_err(|rule| CommandError::rule(&rule))?;
        let legal_entity = draft.legal_entity;
        let (seller, buyer) = parties(&mut unit, draft).await?;
        let number = draw(&mut unit, series, legal_entity, id.as_uuid().into(), on).await?;
        let told = Some(number.to_string());
        let issuance = Issuance { number, series, seller, buyer, on, exchange_rate };
        let issued = unit.decide(&invoice, [InvoiceAction::Issue(Box::new(issuance))])?;
        Ok(unit.done(Accepted { number: told, ..Accepted::of(id.as_uuid(), issued.sequence) }))
    });
    done.await.map_err(naming_number)
}

/// Draws the next number of a series for a document of a legal entity.
pub(super) async fn draw(
    unit: &mut Unit<'_>,
    series: SeriesId,
    legal_entity: LegalEntityId,
    document: DocumentId,
    on: NaiveDate,
) -> Result<DocumentNumber, CommandError> {
    unit.turn().await;
    let series = unit.load::<Series>(series.as_uuid()).await?;
    if series.sequence == 0 {
        return Err(CommandError::field("series_id", "must be a series of the legal entity"));
    }
    let drawn = unit.decide(&series, [SeriesAction::Draw { legal_entity, document, on }])?;
    let number = drawn.state.last_number().cloned();
    number.ok_or_else(|| CommandError::Internal("a number was drawn and is not there".into()))
}

/// Says in the words of its rule that another document has the number.
pub(super) fn naming_number(error: CommandError) -> CommandError {
    match error.code() {
        "claim.taken" => CommandError::rule(&InvoiceError::NumberTaken),
        _ => error,
    }
}

/// The document that would be issued now.
///
/// # Errors
/// The rule that keeps it from being issued; those of [`Unit::load`].
pub async fn preview(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    on: NaiveDate,
    exchange_rate: Option<ExchangeRate>,
) -> Result<Document, CommandError> {
    not_dated_in_future(on, app.now()).map_err(|rule| CommandError::rule(&rule))?;
    let mut unit = Unit::new(app, context, true)?;
    let invoice = unit.target::<Invoice>(id.as_uuid()).await?;
    let draft = invoice.state.draft().map_err(|rule| CommandError::rule(&rule))?;
    let (seller, buyer) = parties(&mut unit, draft).await?;
    document(draft, &seller, &buyer, on, exchange_rate).map_err(|rule| CommandError::rule(&rule))
}

/// Seller and buyer of a draft as they are, which they have to be still when the events are appended.
async fn parties(unit: &mut Unit<'_>, draft: &Draft) -> Result<(Seller, Profile), CommandError> {
    let entity = unit.load::<LegalEntity>(draft.legal_entity.as_uuid()).await?;
    let customer = unit.load::<Customer>(draft.customer.as_uuid()).await?;
    unit.rely_on(&entity);
    unit.rely_on(&customer);
    let seller = entity.state.seller().cloned().ok_or(CommandError::NotFound)?;
    Ok((seller, profile(&customer)?.clone()))
}

/// What is known of a customer whom a body names.
fn profile(customer: &Loaded<Customer>) -> Result<&Profile, CommandError> {
    if customer.sequence == 0 {
        return Err(CommandError::field("customer_id", "must be a customer"));
    }
    customer.state.profile().map_err(|rule| CommandError::rule(&rule))
}

/// Names the first line that breaks a rule by itself, or else the allowance or charge.
fn naming_place(error: CommandError, draft: &Draft) -> CommandError {
    let Draft { lines, adjustments, currency, .. } = draft;
    let breaks = |lines: &[Line], adjustments: &[DocumentAdjustment]| {
        calculate(lines, adjustments, *currency).is_err_and(|rule| rule.code() == error.code())
    };
    let line = lines.iter().position(|line| breaks(from_ref(line), &[]));
    let place = match line {
        Some(place) => format!("lines.{place}"),
        // Without lines, every allowance is too large.
        None if error.code() == InvoiceError::AllowanceTooLarge.code() => "adjustments".to_owned(),
        None => match adjustments.iter().position(|adjustment| breaks(&[], from_ref(adjustment))) {
            Some(place) => format!("adjustments.{place}"),
            None => return error,
        },
    };
    let message = match error.code() {
        "invoice.amount_too_fine" => "must have no amount of more decimal places than the currency",
        "invoice.allowance_too_large" => "must not take off more than there is",
        "invoice.amount_too_large" => "must come to at most 15 digits before the decimal point",
        "invoice.too_many_adjustments" => "must have at most 20 allowances and charges",
        _ => "must keep the rules of invoices",
    };
    error.at(&place, message)
}

impl DraftOf {
    fn for_customer(self, customer: &Profile) -> Draft {
        let Self { legal_entity, customer: id, currency, reference, note, lines, adjustments } = self;
        let currency = currency.unwrap_or(customer.currency);
        Draft { legal_entity, customer: id, currency, reference, note, lines, adjustments }
    }
}

pub(super) async fn act(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    action: InvoiceAction,
) -> Result<Accepted, CommandError> {
    change::<Invoice>(app, context, id.as_uuid(), vec![action]).await
}
