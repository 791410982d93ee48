//! The document that an invoice is: what is issued, and what a preview shows.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::calculate::money;
use super::{Calculation, Draft, InvoiceError, PricedAdjustment, PricedLine, TaxSum, Totals, calculate};
use crate::billing::customer::Profile;
use crate::billing::day::has_begun;
use crate::billing::legal_entity::Seller;
use crate::billing::{Address, Country, ExchangeRate, Language, TaxCategory, TaxId, TaxIdKind, rounding};
use crate::{Currency, EmailAddress, Money, Personal, Prose, Text};

/// A document, complete but for its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Its date.
    pub issue_date: NaiveDate,
    /// Until when it is to be paid.
    pub due_date: NaiveDate,
    /// Its currency.
    pub currency: Currency,
    /// Who issues it.
    pub seller: Seller,
    /// Whom it is issued to.
    pub buyer: Personal<Buyer>,
    /// In which language it is written.
    pub language: Language,
    /// What the buyer wants to find on it.
    pub reference: Option<Text<100>>,
    /// What else it says.
    pub note: Option<Prose<2000>>,
    /// What is sold.
    pub lines: Vec<PricedLine>,
    /// What is taken off the whole or put on it.
    pub adjustments: Vec<PricedAdjustment>,
    /// Its taxes, by category and rate.
    pub taxes: Vec<TaxSum>,
    /// What it comes to.
    pub totals: Totals,
    /// What its tax is worth in the books of the seller, if these are of another currency.
    pub exchange: Option<Exchange>,
}

/// Whoever is billed, as they were when the document was issued. Personal: they may be people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Buyer {
    /// Their name, in full.
    pub name: Text<200>,
    /// Where they are in their country.
    pub address: Address,
    /// In which country they are.
    pub country: Country,
    /// How the tax office knows them.
    pub tax_ids: Vec<TaxId>,
    /// Where the document goes.
    pub email: Option<EmailAddress>,
}

/// An amount in another currency, at a rate that is frozen with the document.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What one unit of the currency of the document is worth in that of the seller.
    pub rate: ExchangeRate,
    /// All tax of the document in the currency of the seller, rounded once.
    pub tax: Money,
}

/// The document that a draft becomes. What a preview shows and what is issued come from here, so they agree.
///
/// # Errors
/// The rule that keeps the draft from being issued.
pub fn document(
    draft: &Draft,
    seller: &Seller,
    buyer: &Profile,
    on: NaiveDate,
    exchange_rate: Option<ExchangeRate>,
) -> Result<Document, InvoiceError> {
    if draft.lines.is_empty() {
        return Err(InvoiceError::NothingToBill);
    }
    let Calculation { lines, adjustments, taxes, totals } =
        calculate(&draft.lines, &draft.adjustments, draft.currency)?;
    let due_date = on.checked_add_days(Days::new(buyer.terms.get().into()));
    let language = buyer.language.clone();
    let buyer = known(buyer).ok_or(InvoiceError::CustomerErased)?;
    check_tax_ids(&taxes, seller, &buyer)?;
    Ok(Document {
        issue_date: on,
        due_date: due_date.ok_or(InvoiceError::DateOutOfRange)?,
        currency: draft.currency,
        seller: seller.clone(),
        buyer: buyer.into(),
        language,
        reference: draft.reference.clone(),
        note: draft.note.clone(),
        lines,
        adjustments,
        taxes,
        exchange: exchange(totals.tax, seller.currency, exchange_rate)?,
        totals,
    })
}

/// Documents are not dated in days that have begun nowhere yet.
///
/// # Errors
/// [`InvoiceError::DatedInFuture`].
pub fn not_dated_in_future(on: NaiveDate, now: DateTime<Utc>) -> Result<(), InvoiceError> {
    if has_begun(on, now) { Ok(()) } else { Err(InvoiceError::DatedInFuture) }
}

/// All that is known of a customer; none if any of it was erased.
fn known(profile: &Profile) -> Option<Buyer> {
    Some(Buyer {
        name: profile.name.reveal()?.clone(),
        address: profile.address.reveal()?.clone(),
        country: profile.country,
        tax_ids: profile.tax_ids.reveal()?.clone(),
        email: profile.email.as_ref().map(|email| email.reveal().cloned().ok_or(())).transpose().ok()?,
    })
}

/// EN 16931 asks for a tax id of every seller (BR-S-02, BR-Z-02, BR-E-02), and for the number for value added tax of both sides
/// where the buyer owes the tax (BR-AE-02).
fn check_tax_ids(taxes: &[TaxSum], seller: &Seller, buyer: &Buyer) -> Result<(), InvoiceError> {
    let has_vat = |ids: &[TaxId]| ids.iter().any(|id| id.kind == TaxIdKind::Vat);
    let is_reversed = taxes.iter().any(|sum| sum.tax.category() == TaxCategory::Ae);
    if seller.tax_ids.is_empty() || is_reversed && !has_vat(&seller.tax_ids) {
        return Err(InvoiceError::SellerTaxIdMissing);
    }
    if is_reversed && !has_vat(&buyer.tax_ids) {
        return Err(InvoiceError::BuyerTaxIdMissing);
    }
    Ok(())
}

fn exchange(
    tax: Money,
    books: Currency,
    rate: Option<ExchangeRate>,
) -> Result<Option<Exchange>, InvoiceError> {
    match rate {
        None if tax.currency() == books => Ok(None),
        None => Err(InvoiceError::ExchangeRateMissing),
        Some(_) if tax.currency() == books => Err(InvoiceError::ExchangeRateNeedless),
        Some(rate) if rate.is_zero() => Err(InvoiceError::ExchangeRateZero),
        Some(rate) => {
            let worth = rounding::product(tax.amount(), rate.get(), books.minor_units());
            let tax = money(worth.ok_or(InvoiceError::AmountTooLarge)?, books)?;
            Ok(Some(Exchange { rate, tax }))
        }
    }
}
