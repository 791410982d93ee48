//! What an invoice is about: its lines, and what is taken off or put on.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Figure, Percentage, Quantity, Tax, UnitPrice};
use crate::invalid::string;
use crate::{Invalid, Text};

/// Something that is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub description: Text<500>,
    /// How much of it.
    pub quantity: Quantity,
    /// In which unit.
    pub unit: Unit,
    /// What one unit costs, without tax.
    pub price: UnitPrice,
    /// What is taken off or put on before tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// How it is taxed.
    pub tax: Tax,
    /// When it was or is provided, if not on the date of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

/// A unit of measure, such as `C62` for pieces, `HUR` for hours, `MON` for months: a code of UN/ECE Recommendation 20, or of 21 with an
/// X before it, as EN 16931 lists them (BR-CL-23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Unit(String);

static UNITS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("units.txt").split_ascii_whitespace().collect());

/// Something that is taken off a line, or put on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Off or on.
    pub kind: AdjustmentKind,
    /// How much.
    pub by: Measure,
    /// Why.
    pub reason: Text<200>,
}

/// Something that is taken off a whole document, or put on it, among what is taxed in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentAdjustment {
    /// Off or on.
    pub kind: AdjustmentKind,
    /// How much; a percentage is of the lines that are taxed in this way.
    pub by: Measure,
    /// Why.
    pub reason: Text<200>,
    /// How it is taxed.
    pub tax: Tax,
}

/// Off or on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// Taken off, as a discount is.
    Allowance,
    /// Put on, as freight is.
    Charge,
}

/// How much is taken off or put on: `{"amount": "5.00"}` or `{"percent": "10"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// So much, in the currency of the document.
    Amount(Figure<15, 3>),
    /// Such a share of what it is about.
    Percent(Percentage),
}

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Days")]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Deserialize)]
struct Days {
    from: NaiveDate,
    to: NaiveDate,
}

impl Unit {
    /// Parses a code.
    ///
    /// # Errors
    /// [`Invalid::NotAUnit`].
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        if UNITS.contains(code) { Ok(Self(code.to_owned())) } else { Err(Invalid::NotAUnit) }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for Unit {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotAUnit).and_then(|code| Self::parse(&code))
    }
}

impl Period {
    /// The days from one to another.
    ///
    /// # Errors
    /// [`Invalid::PeriodBackwards`].
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, Invalid> {
        if from <= to { Ok(Self { from, to }) } else { Err(Invalid::PeriodBackwards) }
    }

    /// The first day.
    pub const fn from(self) -> NaiveDate {
        self.from
    }

    /// The last day.
    pub const fn to(self) -> NaiveDate {
        self.to
    }
}

impl TryFrom<Days> for Period {
    type Error = Invalid;

    fn try_from(Days { from, to }: Days) -> Result<Self, Invalid> {
        Self::new(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::march;

    #[test]
    fn a_period_does_not_end_before_it_begins() {
        assert!(Period::new(march(3), march(3)).is_ok());
        assert_eq!(Period::new(march(4), march(3)), Err(Invalid::PeriodBackwards));
    }

    #[test]
    fn units_are_those_of_the_list() {
        for bad in ["", "H", "hur", "HOUR", "H R", "C62 HUR", "PCE", "BX", "XXX"] {
            assert_eq!(Unit::parse(bad), Err(Invalid::NotAUnit), "{bad:?}");
        }
        for good in ["C62", "HUR", "MON", "EA", "XBX"] {
            assert_eq!(Unit::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(UNITS.len(), 2_162);
    }

    #[test]
    fn a_measure_is_an_amount_or_a_share() {
        let share: Measure = serde_json::from_str(r#"{"percent": "10"}"#).unwrap();
        assert_eq!(share, Measure::Percent(Percentage::parse("10").unwrap()));
        assert!(serde_json::from_str::<Measure>(r#"{"percent": "10", "amount": "1"}"#).is_err());
    }
}
