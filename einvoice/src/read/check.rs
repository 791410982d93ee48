//! The arithmetic of EN 16931, done again.

use std::collections::BTreeMap;

use domain::Currency;
use domain::billing::rounding;
use rust_decimal::{Decimal, RoundingStrategy};

use super::rule::{Category, Disagreement, Rule};
use super::{Adjustment, Figures, Line, Place, Stated, Tax, TaxSum, TaxTotal};

/// Decimal places of amounts, unless their currency has more.
const PLACES: u32 = 2;

/// A category, and a rate where it has several.
type Way<'f> = (&'f str, Decimal);

struct Check<'f> {
    figures: &'f Figures,
    /// Lines − allowances + charges of what is taxed in one way; none if that is too long. Added up once, so that a file with many of
    /// both takes no more time than it is long.
    taxable: BTreeMap<Way<'f>, Option<Decimal>>,
    /// Decimal places of the currency.
    minor_units: u32,
    found: Vec<Disagreement>,
}

impl Figures {
    /// Each figure that is not what its rule makes of the others. Lines, percentages and taxes are rounded to the minor units of the
    /// currency, half away from zero; if none of it disagrees, the document is right to the cent.
    pub fn recompute(&self) -> Vec<Disagreement> {
        let currency = self.currency.as_deref().and_then(|code| Currency::parse(code).ok());
        let minor_units = currency.map_or(PLACES, Currency::minor_units);
        let mut check = Check { figures: self, taxable: taxable(self), minor_units, found: Vec::new() };
        check.lines();
        check.sums();
        check.taxes();
        check.found
    }
}

impl Check<'_> {
    fn lines(&mut self) {
        for line in &self.figures.lines {
            if let (Some(net), Some(quantity), Some(price)) = (line.net, line.quantity, line.price) {
                let computed = self.line(line, quantity.value, price.value);
                self.compare(Rule::LineNet, net, computed);
            }
            self.shares(&line.adjustments, true);
        }
        self.shares(&self.figures.adjustments, false);
    }

    fn line(&self, line: &Line, quantity: Decimal, price: Decimal) -> Option<Decimal> {
        let gross = match line.base_quantity {
            None => rounding::product(quantity, price, self.minor_units)?,
            Some(base) => {
                let exact = quantity.checked_mul(price)?.checked_div(base.value)?;
                exact.round_dp_with_strategy(self.minor_units, RoundingStrategy::MidpointAwayFromZero)
            }
        };
        sum(line.adjustments.iter().map(signed).chain([gross]))
    }

    fn shares(&mut self, adjustments: &[Adjustment], of_line: bool) {
        for one in adjustments {
            if let (Some(percent), Some(base), Some(amount)) = (one.percent, one.base, one.amount) {
                let computed = rounding::percentage(base.value, percent.value, self.minor_units);
                self.compare(Rule::Share { of_line, is_charge: one.is_charge }, amount, computed);
            }
        }
    }

    /// BR-CO-10 to BR-CO-16.
    fn sums(&mut self) {
        let figures = self.figures;
        let totals = &figures.totals;
        let Some(place) = totals.place else { return };
        let or_zero = |stated: Option<Stated>| stated.map_or(Decimal::ZERO, |stated| stated.value);
        let lines = sum(figures.lines.iter().map(|line| or_zero(line.net)));
        self.required(Rule::LineTotal, totals.lines, lines, place);
        for (rule, is_charge, stated) in
            [(Rule::AllowanceTotal, false, totals.allowances), (Rule::ChargeTotal, true, totals.charges)]
        {
            let mut some = figures.adjustments.iter().filter(|one| one.is_charge == is_charge).peekable();
            if stated.is_some() || some.peek().is_some() {
                let all = sum(some.map(|one| or_zero(one.amount)));
                self.required(rule, stated, all, place);
            }
        }
        let (allowances, charges) = (or_zero(totals.allowances), or_zero(totals.charges));
        let net = totals.lines.and_then(|lines| sum([lines.value, charges, -allowances].into_iter()));
        self.required(Rule::NetTotal, totals.net, net, place);
        let mut taxes = figures.tax_totals.iter().filter(|total| total.currency == figures.currency);
        let tax = taxes.next().filter(|_| taxes.next().is_none()).and_then(|total| total.amount);
        let gross = totals.net.zip(tax).and_then(|(net, tax)| sum([net.value, tax.value].into_iter()));
        self.required(Rule::GrossTotal, totals.gross, gross, place);
        let (prepaid, rounded) = (or_zero(totals.prepaid), or_zero(totals.rounding));
        let payable = totals.gross.and_then(|gross| sum([gross.value, rounded, -prepaid].into_iter()));
        self.required(Rule::Payable, totals.payable, payable, place);
    }

    fn taxes(&mut self) {
        let figures = self.figures;
        for total in figures.tax_totals.iter().filter(|total| !total.taxes.is_empty()) {
            let all = sum(total.taxes.iter().filter_map(|one| one.amount).map(|amount| amount.value));
            self.required(Rule::TaxTotal, total.amount, all, total.place);
            for one in &total.taxes {
                self.tax(one);
            }
        }
        if figures.tax_totals.iter().all(|total| total.taxes.is_empty()) {
            self.required(Rule::Breakdown, None, None, figures.place);
        }
        if let Some(books) = &figures.tax_currency {
            let in_books = |total: &TaxTotal| total.currency.as_ref() == Some(books);
            if !figures.tax_totals.iter().any(in_books) {
                self.required(Rule::TaxInBooks, None, None, figures.place);
            }
        }
    }

    /// BR-CO-17, and the rules of the category.
    fn tax(&mut self, one: &TaxSum) {
        let Some(tax) = one.tax.as_ref().filter(|tax| tax.is_vat) else { return };
        let category = Category::parse(&tax.category);
        let rate = tax.rate.unwrap_or_default();
        if let Some(taxable) = one.taxable {
            let computed = rounding::percentage(taxable.value, rate, self.minor_units);
            let is_close = is_close(one.amount, rounding::percentage(taxable.value, rate, PLACES));
            self.within(is_close, Rule::Tax, one.amount, computed, one.place);
            if let Some(category) = category.filter(|category| category.is_taxed()) {
                self.within(is_close, Rule::CategoryTax(category), one.amount, computed, one.place);
            }
        }
        if let Some(category) = category.filter(|category| !category.is_taxed()) {
            self.required(Rule::CategoryTax(category), one.amount, Some(Decimal::ZERO), one.place);
        }
        if let Some(category) = category {
            let computed = self.taxable.get(&way(tax)).copied().flatten();
            let is_close = category.is_taxed() && is_close(one.taxable, computed);
            self.within(is_close, Rule::Taxable(category), one.taxable, computed, one.place);
        }
    }

    /// About lines and percentages the published rule set says nothing.
    fn compare(&mut self, rule: Rule, stated: Stated, computed: Option<Decimal>) {
        self.within(true, rule, Some(stated), computed, stated.place);
    }

    fn required(&mut self, rule: Rule, stated: Option<Stated>, computed: Option<Decimal>, place: Place) {
        self.within(false, rule, stated, computed, place);
    }

    /// Holds a figure against what it should be. `place` is where it would be, if it is not there.
    fn within(
        &mut self,
        is_tolerated: bool,
        rule: Rule,
        stated: Option<Stated>,
        computed: Option<Decimal>,
        place: Place,
    ) {
        let value = stated.map(|stated| stated.value);
        if value.is_none() || value != computed {
            let place = stated.map_or(place, |stated| stated.place);
            self.found.push(Disagreement { rule, place, stated: value, computed, is_tolerated });
        }
    }
}

/// Whether there is less than one unit of the currency between them.
fn is_close(stated: Option<Stated>, computed: Option<Decimal>) -> bool {
    let (Some(stated), Some(computed)) = (stated, computed) else { return false };
    stated.value.checked_sub(computed).is_some_and(|difference| difference.abs() < Decimal::ONE)
}

/// What is taxed in each way that a line, an allowance or a charge is taxed in.
fn taxable(figures: &Figures) -> BTreeMap<Way<'_>, Option<Decimal>> {
    let of_lines = figures.lines.iter().map(|line| (&line.tax, line.net.map(|net| net.value)));
    let of_document = figures.adjustments.iter().map(|one| (&one.tax, Some(signed(one))));
    let mut all = BTreeMap::new();
    for (tax, amount) in of_lines.chain(of_document) {
        if let (Some(tax), Some(amount)) = (tax, amount) {
            let sum = all.entry(way(tax)).or_insert(Some(Decimal::ZERO));
            *sum = sum.and_then(|sum: Decimal| sum.checked_add(amount));
        }
    }
    all
}

fn way(tax: &Tax) -> Way<'_> {
    let has_rates = Category::parse(&tax.category).is_none_or(Category::is_taxed);
    let rate = if has_rates { tax.rate.unwrap_or_default() } else { Decimal::ZERO };
    (tax.category.as_str(), rate)
}

fn signed(one: &Adjustment) -> Decimal {
    let amount = one.amount.map_or(Decimal::ZERO, |amount| amount.value);
    if one.is_charge { amount } else { -amount }
}

/// All of them together; none if that is too long.
fn sum(mut all: impl Iterator<Item = Decimal>) -> Option<Decimal> {
    all.try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one))
}
