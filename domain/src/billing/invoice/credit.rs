//! Credit notes: what of an issued invoice is taken back, in a document of its own. All of them together never come to more than
//! the invoice, and to exactly as much once all of it is taken back, tax included.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::calculate::{check_size, money, price as price_of};
use super::{
    Buyer, Document, Exchange, InvoiceError, InvoiceEvent, Issued, PricedAdjustment, PricedLine, TaxSum,
    Totals,
};
use crate::billing::legal_entity::Seller;
use crate::billing::series::DocumentNumber;
use crate::billing::{Language, Line, Quantity, Tax, Unit, UnitPrice, rounding};
use crate::{CreditNoteId, Currency, Money, PaymentId, Personal, SeriesId, Text};

/// Most credit notes of an invoice.
const MAX_CREDIT_NOTES: usize = 100;
/// Of a line that says what is left of an invoice.
const LARGEST_PRICE: u64 = 1_000_000_000;

/// A credit note, complete but for its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditNote {
    /// Its date.
    pub issue_date: NaiveDate,
    /// The number of the invoice that it is of.
    pub invoice_number: DocumentNumber,
    /// The date of the invoice.
    pub invoice_date: NaiveDate,
    /// Its currency, that of the invoice.
    pub currency: Currency,
    /// Who issues it, as on the invoice.
    pub seller: Seller,
    /// Whom it is issued to, as on the invoice.
    pub buyer: Personal<Buyer>,
    /// In which language it is written, that of the invoice.
    pub language: Language,
    /// What the buyer wants to find on it, as on the invoice.
    pub reference: Option<Text<100>>,
    /// Why it is issued.
    pub reason: Text<500>,
    /// What is taken back.
    pub lines: Vec<PricedLine>,
    /// What of the invoice as a whole was taken off or put on, if all of it is taken back at once.
    pub adjustments: Vec<PricedAdjustment>,
    /// Its taxes, by category and rate.
    pub taxes: Vec<TaxSum>,
    /// What it comes to.
    pub totals: Totals,
    /// What its tax is worth in the books of the seller, at the rate of the invoice.
    pub exchange: Option<Exchange>,
}

/// What it takes to issue a credit note.
#[derive(Clone, Debug, PartialEq)]
pub struct CreditOf {
    /// Which one it is.
    pub credit_note: CreditNoteId,
    /// Its number.
    pub number: DocumentNumber,
    /// The series that the number was drawn from.
    pub series: SeriesId,
    /// Its date.
    pub on: NaiveDate,
    /// Why it is issued.
    pub reason: Text<500>,
    /// What is taken back; all that is left of the invoice if none.
    pub lines: Option<Vec<Line>>,
}

/// What of a payment no longer settles an invoice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freed {
    /// The payment.
    pub payment: PaymentId,
    /// What of it settles the invoice still.
    pub kept: Option<Money>,
}

/// What further commands have to know of a credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credited {
    /// Which one it is.
    pub credit_note: CreditNoteId,
    /// Its number.
    pub number: DocumentNumber,
    /// Its date.
    pub issue_date: NaiveDate,
    /// What of each tax it took back.
    pub taxes: Vec<TaxSum>,
    /// What it comes to.
    pub payable: Money,
}

impl Issued {
    /// The first day that a credit note can be dated.
    pub fn first_credit_day(&self) -> NaiveDate {
        self.document.issue_date.max(self.since.date_naive())
    }

    /// The credit note that takes back some of the invoice, or all that is left of it.
    ///
    /// # Errors
    /// The rule that keeps it from being issued.
    pub fn credit_note(
        &self,
        on: NaiveDate,
        reason: Text<500>,
        lines: Option<&[Line]>,
    ) -> Result<CreditNote, InvoiceError> {
        let invoice = &*self.document;
        if on < invoice.issue_date {
            return Err(InvoiceError::CreditedTooEarly);
        }
        let Content { lines, adjustments, taxes, totals } = match lines {
            Some(lines) => self.some(lines)?,
            None if self.credit_notes.is_empty() => Content::of(invoice),
            None => self.rest()?,
        };
        if totals.payable.is_zero() {
            return Err(InvoiceError::NothingToCredit);
        }
        Ok(CreditNote {
            issue_date: on,
            invoice_number: self.number.clone(),
            invoice_date: invoice.issue_date,
            currency: invoice.currency,
            seller: invoice.seller.clone(),
            buyer: invoice.buyer.clone(),
            language: invoice.language.clone(),
            reference: invoice.reference.clone(),
            reason,
            exchange: self.exchange(totals.tax)?,
            lines,
            adjustments,
            taxes,
            totals,
        })
    }

    /// Which payments have to settle less, so that a credit note of so much finds as much outstanding: those recorded last first. Nothing
    /// if all of them together would not do.
    pub fn freed_for(&self, credit: Money) -> Option<Vec<Freed>> {
        let Some(mut missing) = credit.minus(self.outstanding) else { return Some(Vec::new()) };
        let mut freed = Vec::new();
        for (payment, amount) in self.paid.iter().rev() {
            if missing.is_zero() {
                break;
            }
            let kept = amount.minus(missing).filter(|kept| !kept.is_zero());
            missing = missing.minus(*amount).unwrap_or(Money::zero(missing.currency()));
            freed.push(Freed { payment: *payment, kept });
        }
        missing.is_zero().then_some(freed)
    }

    /// The event by which a credit note is issued.
    pub(super) fn credit(&self, credit: CreditOf, at: DateTime<Utc>) -> Result<InvoiceEvent, InvoiceError> {
        let CreditOf { credit_note, number, series, on, reason, lines } = credit;
        if self.credit_notes.len() >= MAX_CREDIT_NOTES {
            return Err(InvoiceError::TooManyCreditNotes);
        }
        if self.credit_notes.iter().any(|one| one.credit_note == credit_note) {
            return Err(InvoiceError::CreditNoteExists);
        }
        if on < self.first_credit_day() {
            return Err(InvoiceError::CreditedTooEarly);
        }
        let document = Box::new(self.credit_note(on, reason, lines.as_deref())?);
        let rest = self.outstanding.minus(document.totals.payable);
        let (outstanding, legal_entity) = (rest.ok_or(InvoiceError::MoreThanOutstanding)?, self.legal_entity);
        Ok(InvoiceEvent::CreditNoteIssued {
            credit_note,
            number,
            series,
            legal_entity,
            document,
            outstanding,
            at,
        })
    }

    /// The event by which its last credit note is void: the tax of each is what those before it left.
    pub(super) fn void_credit_note(
        &self,
        credit_note: CreditNoteId,
        reason: Text<500>,
        at: DateTime<Utc>,
    ) -> Result<InvoiceEvent, InvoiceError> {
        let Some(last) = self.credit_notes.last().filter(|last| last.credit_note == credit_note) else {
            let is_known = self.credit_notes.iter().any(|one| one.credit_note == credit_note);
            return Err(if is_known {
                InvoiceError::NotLastCreditNote
            } else {
                InvoiceError::NoSuchCreditNote
            });
        };
        let (number, issue_date, amount) = (last.number.clone(), last.issue_date, last.payable);
        let outstanding = self.outstanding.plus(amount).ok_or(InvoiceError::AmountTooLarge)?;
        Ok(InvoiceEvent::CreditNoteVoided {
            credit_note,
            number,
            issue_date,
            amount,
            reason,
            outstanding,
            at,
        })
    }

    /// What credit notes took back of what is taxed in one way, and its tax.
    fn taken_back(&self, tax: &Tax) -> (Decimal, Decimal) {
        let sums = self.credit_notes.iter().flat_map(|one| &one.taxes).filter(|sum| sum.tax == *tax);
        sums.fold((Decimal::ZERO, Decimal::ZERO), |(taxable, amount), sum| {
            (taxable + sum.taxable.amount(), amount + sum.amount.amount())
        })
    }

    /// Takes back what these lines come to.
    fn some(&self, lines: &[Line]) -> Result<Content, InvoiceError> {
        check_size(lines)?;
        let currency = self.document.currency;
        let lines: Vec<PricedLine> =
            lines.iter().map(|line| price_of(line, currency)).collect::<Result<_, _>>()?;
        if lines.iter().any(|priced| !self.is_taxed(&priced.line.tax)) {
            return Err(InvoiceError::TaxNotOnInvoice);
        }
        let mut taxes = Vec::new();
        for of_invoice in &self.document.taxes {
            let alike = lines.iter().filter(|priced| priced.line.tax == of_invoice.tax);
            let Some(net) = alike.map(|priced| priced.net.amount()).reduce(|sum, net| sum + net) else {
                continue;
            };
            taxes.push(self.tax_on(of_invoice, net)?);
        }
        Content::with(lines, taxes, currency)
    }

    fn is_taxed(&self, tax: &Tax) -> bool {
        self.document.taxes.iter().any(|sum| sum.tax == *tax)
    }

    /// Takes back all that is left after other credit notes: a line for each way in which it is taxed.
    fn rest(&self) -> Result<Content, InvoiceError> {
        let currency = self.document.currency;
        let (mut lines, mut taxes) = (Vec::new(), Vec::new());
        for of_invoice in &self.document.taxes {
            let (taken, _) = self.taken_back(&of_invoice.tax);
            let left = of_invoice.taxable.amount() - taken;
            if !left.is_zero() {
                lines.extend(self.lines_of(left, &of_invoice.tax)?);
                taxes.push(self.tax_on(of_invoice, left)?);
            }
        }
        Content::with(lines, taxes, currency)
    }

    /// The lines that say so. A price is shorter than an amount may be, so what is very large takes two.
    fn lines_of(&self, left: Decimal, tax: &Tax) -> Result<Vec<PricedLine>, InvoiceError> {
        let largest = Decimal::from(LARGEST_PRICE);
        let rest = left % largest;
        let parts = [((left - rest) / largest, largest), (Decimal::ONE, rest)];
        let line = |(quantity, price): (Decimal, Decimal)| {
            let too_large = |_| InvoiceError::AmountTooLarge;
            let line = Line {
                description: Text::parse(self.number.as_str()).map_err(|_| InvoiceError::AmountTooLarge)?,
                quantity: Quantity::parse(&quantity.normalize().to_string()).map_err(too_large)?,
                unit: Unit::parse("C62").map_err(too_large)?,
                price: UnitPrice::parse(&price.to_string()).map_err(too_large)?,
                adjustments: Vec::new(),
                tax: tax.clone(),
                period: None,
            };
            price_of(&line, self.document.currency)
        };
        parts.into_iter().filter(|(quantity, price)| !(quantity * price).is_zero()).map(line).collect()
    }

    /// The tax on so much of what is taxed in one way: what it comes to with all that was taken back before, less what that came to.
    /// So the taxes of all credit notes come to that of the invoice in the end.
    fn tax_on(&self, of_invoice: &TaxSum, net: Decimal) -> Result<TaxSum, InvoiceError> {
        let currency = self.document.currency;
        let (taken, taken_tax) = self.taken_back(&of_invoice.tax);
        if taken + net > of_invoice.taxable.amount() {
            return Err(InvoiceError::MoreThanInvoiced);
        }
        let rate = of_invoice.tax.rate().get();
        let all = rounding::percentage(taken + net, rate, currency.minor_units());
        let amount = money(all.ok_or(InvoiceError::AmountTooLarge)? - taken_tax, currency)?;
        Ok(TaxSum { tax: of_invoice.tax.clone(), taxable: money(net, currency)?, amount })
    }

    /// What the tax of a credit note is worth in the books, so that all of them come to what that of the invoice is worth.
    fn exchange(&self, tax: Money) -> Result<Option<Exchange>, InvoiceError> {
        let Some(Exchange { rate, tax: of_invoice }) = self.document.exchange else { return Ok(None) };
        let books = of_invoice.currency();
        let taken = self.credit_notes.iter().flat_map(|one| &one.taxes).map(|sum| sum.amount.amount());
        let taken: Decimal = taken.sum();
        let worth = |amount| {
            let worth = rounding::product(amount, rate.get(), books.minor_units());
            worth.ok_or(InvoiceError::AmountTooLarge)
        };
        let tax = money(worth(taken + tax.amount())? - worth(taken)?, books)?;
        Ok(Some(Exchange { rate, tax }))
    }
}

/// What a credit note takes back.
struct Content {
    lines: Vec<PricedLine>,
    adjustments: Vec<PricedAdjustment>,
    taxes: Vec<TaxSum>,
    totals: Totals,
}

impl Content {
    /// All of an invoice.
    fn of(invoice: &Document) -> Self {
        let Document { lines, adjustments, taxes, totals, .. } = invoice.clone();
        Self { lines, adjustments, taxes, totals }
    }

    fn with(lines: Vec<PricedLine>, taxes: Vec<TaxSum>, currency: Currency) -> Result<Self, InvoiceError> {
        let nothing = Money::zero(currency);
        let net = lines.iter().try_fold(nothing, |sum, line| plus(sum, line.net))?;
        let tax = taxes.iter().try_fold(nothing, |sum, one| plus(sum, one.amount))?;
        let (allowances, charges) = (nothing, nothing);
        let totals = Totals { lines: net, allowances, charges, net, tax, payable: plus(net, tax)? };
        Ok(Self { lines, adjustments: Vec::new(), taxes, totals })
    }
}

fn plus(one: Money, other: Money) -> Result<Money, InvoiceError> {
    one.plus(other).ok_or(InvoiceError::AmountTooLarge)
}
