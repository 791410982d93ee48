//! What the lines of a document come to, by the rules of EN 16931: each line is rounded, and tax once for all that is taxed in one
//! way.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::InvoiceError;
use crate::billing::{
    Adjustment, AdjustmentKind, DocumentAdjustment, Line, Measure, Tax, TaxCategory, TaxRate, rounding,
};
use crate::{Currency, Money};

/// Most lines of a document.
pub const MAX_LINES: usize = 500;
/// Most allowances and charges of a line, or of a document as a whole.
pub const MAX_ADJUSTMENTS: usize = 20;
/// Most allowances and charges of all lines together, so that a document stays far below what a message of the stream may hold.
pub const MAX_LINE_ADJUSTMENTS: usize = 1_000;

/// A line and what it comes to, without tax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedLine {
    /// The line.
    pub line: Line,
    /// Quantity × price, rounded.
    pub gross: Money,
    /// What each of its allowances and charges comes to, in their order.
    pub adjustments: Vec<Money>,
    /// What is left of it: gross − allowances + charges.
    pub net: Money,
}

/// An allowance or charge of a document, and what it comes to, without tax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedAdjustment {
    /// The allowance or charge.
    pub adjustment: DocumentAdjustment,
    /// The lines that are taxed in the same way, which a percentage is of.
    pub base: Money,
    /// What it comes to.
    pub amount: Money,
}

/// What is taxed in one way, and the tax on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaxSum {
    /// How it is taxed.
    pub tax: Tax,
    /// Lines − allowances + charges.
    pub taxable: Money,
    /// The tax, rounded once.
    pub amount: Money,
}

/// What a document comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// The sum of all lines.
    pub lines: Money,
    /// What is taken off the document as a whole.
    pub allowances: Money,
    /// What is put on it.
    pub charges: Money,
    /// Lines − allowances + charges: the total without tax.
    pub net: Money,
    /// All tax.
    pub tax: Money,
    /// What is to be paid: net + tax.
    pub payable: Money,
}

/// All sums of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculation {
    /// Its lines.
    pub lines: Vec<PricedLine>,
    /// What is taken off it or put on it as a whole.
    pub adjustments: Vec<PricedAdjustment>,
    /// Its taxes, by category and rate.
    pub taxes: Vec<TaxSum>,
    /// What it comes to.
    pub totals: Totals,
}

/// What is taxed in one way.
struct Group {
    tax: Tax,
    lines: Decimal,
    taxable: Decimal,
}

/// Groups in the order in which documents list them.
type Groups = BTreeMap<(TaxCategory, TaxRate), Group>;

/// What lines, allowances and charges come to in a currency.
///
/// # Errors
/// The rule that they break.
pub fn calculate(
    lines: &[Line],
    adjustments: &[DocumentAdjustment],
    currency: Currency,
) -> Result<Calculation, InvoiceError> {
    check_size(lines)?;
    if adjustments.len() > MAX_ADJUSTMENTS {
        return Err(InvoiceError::TooManyAdjustments);
    }
    let mut groups = Groups::new();
    let lines: Vec<PricedLine> = lines.iter().map(|line| price(line, currency)).collect::<Result<_, _>>()?;
    for priced in &lines {
        let group = group(&mut groups, &priced.line.tax)?;
        group.lines += priced.net.amount();
        group.taxable += priced.net.amount();
    }
    let adjustments: Vec<PricedAdjustment> = adjustments
        .iter()
        .map(|adjustment| adjust(&mut groups, adjustment, currency))
        .collect::<Result<_, _>>()?;
    let taxes: Vec<TaxSum> =
        groups.into_values().map(|group| group.sum(currency)).collect::<Result<_, _>>()?;
    let totals = total(&lines, &adjustments, &taxes, currency)?;
    Ok(Calculation { lines, adjustments, taxes, totals })
}

/// Whether the lines of a document are few enough, and what is taken off them or put on them.
pub(super) fn check_size(lines: &[Line]) -> Result<(), InvoiceError> {
    if lines.len() > MAX_LINES {
        return Err(InvoiceError::TooManyLines);
    }
    let of_lines: usize = lines.iter().map(|line| line.adjustments.len()).sum();
    let is_one_too_long = lines.iter().any(|line| line.adjustments.len() > MAX_ADJUSTMENTS);
    if is_one_too_long || of_lines > MAX_LINE_ADJUSTMENTS {
        return Err(InvoiceError::TooManyAdjustments);
    }
    Ok(())
}

pub(super) fn price(line: &Line, currency: Currency) -> Result<PricedLine, InvoiceError> {
    let scale = currency.minor_units();
    let gross = rounding::product(line.quantity.get(), line.price.get(), scale);
    let gross = money(gross.ok_or(InvoiceError::AmountTooLarge)?, currency)?;
    let amounts: Vec<Money> = line
        .adjustments
        .iter()
        .map(|Adjustment { by, .. }| measure(*by, gross.amount(), currency))
        .collect::<Result<_, _>>()?;
    let signed =
        line.adjustments.iter().zip(&amounts).map(|(adjustment, amount)| signed(adjustment.kind, *amount));
    let net = money(gross.amount() + signed.sum::<Decimal>(), currency)?;
    Ok(PricedLine { line: line.clone(), gross, adjustments: amounts, net })
}

fn adjust(
    groups: &mut Groups,
    adjustment: &DocumentAdjustment,
    currency: Currency,
) -> Result<PricedAdjustment, InvoiceError> {
    let group = group(groups, &adjustment.tax)?;
    let base = money(group.lines, currency)?;
    let amount = measure(adjustment.by, base.amount(), currency)?;
    group.taxable += signed(adjustment.kind, amount);
    Ok(PricedAdjustment { adjustment: adjustment.clone(), base, amount })
}

/// The group of a tax. There is one for what is exempt, so all of it has to be so for one reason.
fn group<'g>(groups: &'g mut Groups, tax: &Tax) -> Result<&'g mut Group, InvoiceError> {
    let group = groups.entry((tax.category(), tax.rate())).or_insert_with(|| Group {
        tax: tax.clone(),
        lines: Decimal::ZERO,
        taxable: Decimal::ZERO,
    });
    if group.tax == *tax { Ok(group) } else { Err(InvoiceError::ExemptionReasonsDiffer) }
}

impl Group {
    fn sum(self, currency: Currency) -> Result<TaxSum, InvoiceError> {
        let Self { tax, taxable, .. } = self;
        let amount = rounding::percentage(taxable, tax.rate().get(), currency.minor_units());
        let amount = money(amount.ok_or(InvoiceError::AmountTooLarge)?, currency)?;
        Ok(TaxSum { tax, taxable: money(taxable, currency)?, amount })
    }
}

fn total(
    lines: &[PricedLine],
    adjustments: &[PricedAdjustment],
    taxes: &[TaxSum],
    currency: Currency,
) -> Result<Totals, InvoiceError> {
    let of = |kind: AdjustmentKind| {
        let some = adjustments.iter().filter(move |priced| priced.adjustment.kind == kind);
        some.map(|priced| priced.amount.amount()).sum::<Decimal>()
    };
    let (allowances, charges) = (of(AdjustmentKind::Allowance), of(AdjustmentKind::Charge));
    let sum_of_lines: Decimal = lines.iter().map(|priced| priced.net.amount()).sum();
    let tax: Decimal = taxes.iter().map(|sum| sum.amount.amount()).sum();
    let net = sum_of_lines - allowances + charges;
    Ok(Totals {
        lines: money(sum_of_lines, currency)?,
        allowances: money(allowances, currency)?,
        charges: money(charges, currency)?,
        net: money(net, currency)?,
        tax: money(tax, currency)?,
        payable: money(net + tax, currency)?,
    })
}

fn measure(by: Measure, base: Decimal, currency: Currency) -> Result<Money, InvoiceError> {
    match by {
        Measure::Amount(figure) if figure.get().scale() > currency.minor_units() => {
            Err(InvoiceError::AmountTooFine)
        }
        Measure::Amount(figure) => money(figure.get(), currency),
        Measure::Percent(percent) => {
            let share = rounding::percentage(base, percent.get(), currency.minor_units());
            money(share.ok_or(InvoiceError::AmountTooLarge)?, currency)
        }
    }
}

fn signed(kind: AdjustmentKind, amount: Money) -> Decimal {
    match kind {
        AdjustmentKind::Allowance => -amount.amount(),
        AdjustmentKind::Charge => amount.amount(),
    }
}

/// An amount of a document, none of which is below 0 or too long. It is rounded before, so its scale always fits.
pub(super) fn money(amount: Decimal, currency: Currency) -> Result<Money, InvoiceError> {
    if amount < Decimal::ZERO {
        return Err(InvoiceError::AllowanceTooLarge);
    }
    Money::new(amount, currency).map_err(|_| InvoiceError::AmountTooLarge)
}
