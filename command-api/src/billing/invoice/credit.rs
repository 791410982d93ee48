//! Credit notes of invoices, for the routes and for callers in process.

use chrono::NaiveDate;
use domain::billing::Line;
use domain::billing::invoice::{CreditOf, Freed, Invoice, InvoiceAction, InvoiceError};
use domain::billing::payment::{Payment, PaymentAction};
use domain::{CreditNoteId, InvoiceId, SeriesId, Text};

use super::commands::{act, draw, naming_number};
use crate::together::dispatch_together;
use crate::unit::Unit;
use crate::{Accepted, CommandApi, CommandError, Context};

/// What of an invoice to take back.
#[derive(Clone, Debug)]
pub struct CreditOn {
    /// Which credit note does so.
    pub credit_note: CreditNoteId,
    /// The series whose next number it gets.
    pub series: SeriesId,
    /// Its date; the day of the command if none.
    pub on: Option<NaiveDate>,
    /// Why it is issued.
    pub reason: Text<500>,
    /// What is taken back; all that is left if none.
    pub lines: Option<Vec<Line>>,
}

/// Issues a credit note under the next number of a series, in one append with the invoice and the payments that settle less of it.
///
/// # Errors
/// A rule of invoices or series, or those of [`crate::dispatch()`].
pub async fn credit(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    terms: CreditOn,
) -> Result<Accepted, CommandError> {
    let terms = &terms;
    let done = dispatch_together(app, context, terms.series.as_uuid(), move |mut unit| async move {
        let CreditOn { credit_note, on, reason, lines, .. } = terms.clone();
        let invoice = unit.target::<Invoice>(id.as_uuid()).await?;
        let issued = invoice.state.counting().map_err(|rule| CommandError::rule(&rule))?;
        let on = on.unwrap_or_else(|| unit.day().max(issued.first_credit_day()));
        let document = issued.credit_note(on, reason.clone(), lines.as_deref());
        let document = document.map_err(|rule| CommandError::rule(&rule))?;
        let freed = issued.freed_for(document.totals.payable);
        let freed = freed.ok_or_else(|| CommandError::rule(&InvoiceError::MoreThanOutstanding))?;
        let number =
            draw(&mut unit, terms.series, issued.legal_entity, credit_note.as_uuid().into(), on).await?;
        free(&mut unit, id, &freed).await?;
        let told = Some(number.to_string());
        let credit = CreditOf { credit_note, number, series: terms.series, on, reason, lines };
        let unapply = |one: &Freed| InvoiceAction::UnapplyPayment { payment: one.payment };
        let apply =
            |one: &Freed| one.kept.map(|amount| InvoiceAction::ApplyPayment { payment: one.payment, amount });
        let actions = freed.iter().map(unapply).chain([InvoiceAction::Credit(Box::new(credit))]);
        let next =
            unit.decide(&invoice, actions.chain(freed.iter().filter_map(apply)).collect::<Vec<_>>())?;
        let credit_note_id = Some(credit_note.as_uuid());
        Ok(unit.done(Accepted { number: told, credit_note_id, ..Accepted::of(id.as_uuid(), next.sequence) }))
    });
    done.await.map_err(naming_number)
}

/// Has payments say that they settle less of an invoice.
async fn free(unit: &mut Unit<'_>, invoice: InvoiceId, freed: &[Freed]) -> Result<(), CommandError> {
    let ids: Vec<_> = freed.iter().map(|one| one.payment.as_uuid()).collect();
    for (payment, one) in unit.load_all::<Payment>(&ids).await?.iter().zip(freed) {
        let again = one.kept.map(|amount| PaymentAction::Apply { invoice, amount });
        unit.decide(payment, [PaymentAction::Unapply { invoice }].into_iter().chain(again))?;
    }
    Ok(())
}

/// Declares the last credit note of an invoice void.
///
/// # Errors
/// A rule of invoices, or those of [`crate::dispatch()`].
pub async fn void_credit_note(
    app: &CommandApi,
    context: &Context,
    id: InvoiceId,
    credit_note: CreditNoteId,
    reason: Text<500>,
) -> Result<Accepted, CommandError> {
    act(app, context, id, InvoiceAction::VoidCreditNote { credit_note, reason }).await
}
