//! What invoices and credit notes have in common, in the terms of EN 16931 that both syntaxes write.

use chrono::NaiveDate;
use domain::billing::invoice::{
    Buyer, CreditNote, Document, Exchange, PricedAdjustment, PricedLine, TaxSum, Totals,
};
use domain::billing::legal_entity::Seller;
use domain::billing::series::DocumentNumber;
use domain::billing::{Address, AdjustmentKind, Country, Measure, TaxCategory, TaxId, TaxIdKind};
use domain::{Currency, Money};

use crate::WriteError;

/// Decimal places that an amount may have.
const MOST_PLACES: u32 = 2;

/// A document that is to be written.
pub(crate) struct Content<'d> {
    pub number: &'d str,
    pub kind: Kind<'d>,
    pub issue_date: NaiveDate,
    pub currency: Currency,
    pub seller: Party<'d>,
    pub buyer: Party<'d>,
    pub reference: Option<&'d str>,
    pub lines: &'d [PricedLine],
    pub adjustments: &'d [PricedAdjustment],
    pub taxes: &'d [TaxSum],
    pub totals: &'d Totals,
    pub exchange: Option<Exchange>,
}

/// What only one kind of document has.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'d> {
    Invoice { due_date: NaiveDate, note: Option<&'d str> },
    CreditNote { invoice_number: &'d str, invoice_date: NaiveDate, reason: &'d str },
}

/// A seller or a buyer.
pub(crate) struct Party<'d> {
    pub name: &'d str,
    pub address: &'d Address,
    pub country: &'d str,
    /// BT-31 or BT-48.
    pub vat: Option<String>,
    /// BT-32: a seller's.
    pub registration: Option<&'d str>,
    /// BT-29 or BT-46.
    pub identifiers: Vec<&'d str>,
    /// BT-47: a buyer's.
    pub legal: Option<String>,
    pub email: Option<&'d str>,
}

/// What may have been read out of an allowance or charge: a percentage is told with its base.
pub(crate) struct Adjusted<'d> {
    pub is_charge: bool,
    pub reason: &'d str,
    pub percent: Option<String>,
    pub base: String,
    pub amount: String,
}

impl<'d> Content<'d> {
    pub fn of_invoice(document: &'d Document, number: &'d DocumentNumber) -> Result<Self, WriteError> {
        let note = document.note.as_ref().map(|note| note.as_str());
        Self {
            number: number.as_str(),
            kind: Kind::Invoice { due_date: document.due_date, note },
            issue_date: document.issue_date,
            currency: document.currency,
            seller: Party::seller(&document.seller),
            buyer: Party::buyer(document.buyer.reveal().ok_or(WriteError::BuyerErased)?),
            reference: document.reference.as_ref().map(|reference| reference.as_str()),
            lines: &document.lines,
            adjustments: &document.adjustments,
            taxes: &document.taxes,
            totals: &document.totals,
            exchange: document.exchange,
        }
        .checked()
    }

    pub fn of_credit_note(note: &'d CreditNote, number: &'d DocumentNumber) -> Result<Self, WriteError> {
        let invoice_number = note.invoice_number.as_str();
        let (invoice_date, reason) = (note.invoice_date, note.reason.as_str());
        Self {
            number: number.as_str(),
            kind: Kind::CreditNote { invoice_number, invoice_date, reason },
            issue_date: note.issue_date,
            currency: note.currency,
            seller: Party::seller(&note.seller),
            buyer: Party::buyer(note.buyer.reveal().ok_or(WriteError::BuyerErased)?),
            reference: note.reference.as_ref().map(|reference| reference.as_str()),
            lines: &note.lines,
            adjustments: &note.adjustments,
            taxes: &note.taxes,
            totals: &note.totals,
            exchange: note.exchange,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, WriteError> {
        if self.amounts().all(|money| money.amount().normalize().scale() <= MOST_PLACES) {
            Ok(self)
        } else {
            Err(WriteError::TooManyDecimalPlaces)
        }
    }

    /// All that is written as an amount, whose places the standard limits.
    fn amounts(&self) -> impl Iterator<Item = Money> {
        let Totals { lines, allowances, charges, net, tax, payable } = *self.totals;
        let of_lines = self.lines.iter().flat_map(|line| {
            let own = line.adjustments.iter().copied();
            own.chain([line.net]).chain((!line.adjustments.is_empty()).then_some(line.gross))
        });
        let of_document = self.adjustments.iter().flat_map(|priced| [priced.base, priced.amount]);
        let of_taxes = self.taxes.iter().flat_map(|sum| [sum.taxable, sum.amount]);
        let of_books = self.exchange.iter().map(|exchange| exchange.tax);
        let totals = [lines, allowances, charges, net, tax, payable];
        of_lines.chain(of_document).chain(of_taxes).chain(of_books).chain(totals)
    }

    /// Notes (BT-22): what was said, and the rate of exchange, for which the standard has no other place.
    pub fn notes(&self) -> Vec<String> {
        let said = match self.kind {
            Kind::Invoice { note, .. } => note,
            Kind::CreditNote { reason, .. } => Some(reason),
        };
        let rate = self.exchange.map(|Exchange { rate, tax }| {
            format!("1 {} = {rate} {}", self.currency.code(), tax.currency().code())
        });
        said.map(str::to_owned).into_iter().chain(rate).collect()
    }

    /// Payment terms (BT-20). What is credited has no due date, and the standard asks for one of both (BR-CO-25).
    pub fn terms(&self) -> String {
        match self.kind {
            Kind::Invoice { due_date, .. } => {
                format!("Net {} days", (due_date - self.issue_date).num_days())
            }
            Kind::CreditNote { invoice_number, .. } => format!("Credited to invoice {invoice_number}"),
        }
    }
}

impl<'d> Party<'d> {
    fn seller(seller: &'d Seller) -> Self {
        let (vat, others) = split(&seller.tax_ids);
        let mut others = others;
        let at = others.iter().position(|id| id.kind == TaxIdKind::Registration);
        let registration = at.map(|at| others.remove(at).value.as_str());
        let mut identifiers: Vec<&str> = others.into_iter().map(|id| id.value.as_str()).collect();
        // BR-CO-26: a seller without a number for value added tax needs an identifier of another kind.
        if let (None, Some(registration)) = (vat, registration) {
            identifiers.insert(0, registration);
        }
        Self {
            name: seller.name.as_str(),
            address: &seller.address,
            country: written(&seller.country),
            vat: vat.map(|id| prefixed(id.value.as_str(), seller.country)),
            registration,
            identifiers,
            legal: None,
            email: None,
        }
    }

    /// A buyer has one identifier and one number of a register, so those that are left share the latter.
    fn buyer(buyer: &'d Buyer) -> Self {
        let (vat, others) = split(&buyer.tax_ids);
        let mut others = others.into_iter().map(|id| id.value.as_str());
        let identifiers = others.next().into_iter().collect();
        let rest: Vec<&str> = others.collect();
        Self {
            name: buyer.name.as_str(),
            address: &buyer.address,
            country: written(&buyer.country),
            vat: vat.map(|id| prefixed(id.value.as_str(), buyer.country)),
            registration: None,
            identifiers,
            legal: (!rest.is_empty()).then(|| rest.join(", ")),
            email: buyer.email.as_ref().map(|email| email.as_str()),
        }
    }
}

impl<'d> Adjusted<'d> {
    pub fn of_line(line: &'d PricedLine) -> impl Iterator<Item = Self> {
        line.line.adjustments.iter().zip(&line.adjustments).map(|(adjustment, priced)| Self {
            is_charge: adjustment.kind == AdjustmentKind::Charge,
            reason: adjustment.reason.as_str(),
            percent: percent(adjustment.by),
            base: amount(line.gross),
            amount: amount(*priced),
        })
    }

    pub fn of_document(priced: &'d PricedAdjustment) -> Self {
        Self {
            is_charge: priced.adjustment.kind == AdjustmentKind::Charge,
            reason: priced.adjustment.reason.as_str(),
            percent: percent(priced.adjustment.by),
            base: amount(priced.base),
            amount: amount(priced.amount),
        }
    }
}

fn percent(by: Measure) -> Option<String> {
    match by {
        Measure::Percent(percent) => Some(percent.to_string()),
        Measure::Amount(_) => None,
    }
}

/// An amount with the decimal places of its currency, but two at most.
pub(crate) fn amount(money: Money) -> String {
    let mut amount = money.amount();
    amount.rescale(amount.scale().min(MOST_PLACES));
    amount.to_string()
}

/// A category by its code in UNTDID 5305.
pub(crate) const fn category(category: TaxCategory) -> &'static str {
    match category {
        TaxCategory::S => "S",
        TaxCategory::Z => "Z",
        TaxCategory::E => "E",
        TaxCategory::Ae => "AE",
    }
}

/// Code (BT-121) and text (BT-120) that say why nothing is taxed.
pub(crate) fn exemption(sum: &TaxSum) -> (Option<&'static str>, Option<&str>) {
    match sum.tax.category() {
        TaxCategory::S | TaxCategory::Z => (None, None),
        TaxCategory::E => (None, sum.tax.reason().map(|reason| reason.as_str())),
        TaxCategory::Ae => (Some("VATEX-EU-AE"), Some("Reverse charge")),
    }
}

fn split(ids: &[TaxId]) -> (Option<&TaxId>, Vec<&TaxId>) {
    let vat = ids.iter().position(|id| id.kind == TaxIdKind::Vat);
    let others = ids.iter().enumerate().filter(|(at, _)| Some(*at) != vat).map(|(_, id)| id);
    (vat.and_then(|at| ids.get(at)), others.collect())
}

fn written(country: &Country) -> &str {
    country.code()
}

/// A number for value added tax with the prefix that BR-CO-09 asks for: that of its country, which is EL for Greece.
fn prefixed(value: &str, country: Country) -> String {
    let is_prefix = |two: &str| matches!(two, "EL" | "XI" | "1A") || Country::parse(two).is_ok();
    match value.get(..2) {
        Some(two) if is_prefix(two) => value.to_owned(),
        Some(two) if is_prefix(&two.to_ascii_uppercase()) => {
            two.to_ascii_uppercase() + value.get(2..).unwrap_or_default()
        }
        _ if country.code() == "GR" => format!("EL{value}"),
        _ => format!("{}{value}", country.code()),
    }
}
