//! A second, slow opinion on what documents come to: exact fractions, and whole minor units wherever the rules say to round.

use std::collections::BTreeMap;

use domain::Currency;
use domain::billing::invoice::Totals;
use domain::billing::{AdjustmentKind, DocumentAdjustment, Line, Measure};

/// A fraction, never shortened. Products of three numbers of documents fit.
#[derive(Clone, Copy)]
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    /// Reads the digits of a number, with or without a point.
    fn of(text: &str) -> Self {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let over = format!("{whole}{fraction}").parse().expect("digits");
        Self { over, under: (0..fraction.len()).map(|_| 10).product() }
    }

    const fn times(self, other: Self) -> Self {
        Self { over: self.over * other.over, under: self.under * other.under }
    }

    /// The nearest whole number of minor units; of two, the one further from zero.
    fn minor_units(self, currency: Currency) -> i128 {
        let units = self.over * (0..currency.minor_units()).map(|_| 10).product::<i128>();
        (units.abs() * 2 + self.under).div_euclid(self.under * 2) * units.signum()
    }
}

/// What a document comes to in minor units: net, tax, payable; none if some of it would be less than nothing, or too fine.
pub fn sums(currency: Currency, lines: &[Line], adjustments: &[DocumentAdjustment]) -> Option<[i128; 3]> {
    let measured = |by: Measure, base: i128| match by {
        Measure::Amount(amount) => {
            let exact = Fraction::of(&amount.to_string());
            let units = exact.minor_units(currency);
            let is_whole = units * exact.under == exact.over * scale(currency);
            is_whole.then_some(units)
        }
        Measure::Percent(percent) => {
            let hundredth = Fraction { over: base, under: 100 * scale(currency) };
            Some(Fraction::of(&percent.to_string()).times(hundredth).minor_units(currency))
        }
    };
    let signed = |kind: AdjustmentKind, units: i128| match kind {
        AdjustmentKind::Allowance => -units,
        AdjustmentKind::Charge => units,
    };
    // By how it is taxed: the lines, and what is left after allowances and charges.
    let mut groups: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    let mut net = 0;
    for line in lines {
        let exact = Fraction::of(&line.quantity.to_string()).times(Fraction::of(&line.price.to_string()));
        let gross = exact.minor_units(currency);
        let mut left = gross;
        for adjustment in &line.adjustments {
            left += signed(adjustment.kind, measured(adjustment.by, gross)?);
        }
        if left < 0 {
            return None;
        }
        let group = groups.entry(serde_json::to_string(&line.tax).ok()?).or_default();
        *group = (group.0 + left, group.1 + left);
        net += left;
    }
    for adjustment in adjustments {
        let group = groups.entry(serde_json::to_string(&adjustment.tax).ok()?).or_default();
        let units = signed(adjustment.kind, measured(adjustment.by, group.0)?);
        group.1 += units;
        net += units;
    }
    let mut tax = 0;
    for (text, (_, taxable)) in &groups {
        let written: serde_json::Value = serde_json::from_str(text).ok()?;
        let rate = Fraction::of(written["rate"].as_str()?);
        if *taxable < 0 {
            return None;
        }
        tax += rate.times(Fraction { over: *taxable, under: 100 * scale(currency) }).minor_units(currency);
    }
    Some([net, tax, net + tax])
}

/// Minor units of one unit.
fn scale(currency: Currency) -> i128 {
    (0..currency.minor_units()).map(|_| 10).product()
}

/// The same sums of a document that was calculated.
pub fn minor_units(totals: &Totals) -> [i128; 3] {
    [totals.net, totals.tax, totals.payable].map(|money| money.amount().mantissa())
}
