//! The rules of EN 16931 about arithmetic, and where a document breaks them.

use std::fmt;

use rust_decimal::Decimal;

use super::Place;

/// A rule about what a figure comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// BT-131: a line is quantity × price ÷ base quantity, rounded, − its allowances + its charges.
    LineNet,
    /// BT-136, BT-141, BT-92, BT-99: an allowance or charge with a percentage and a base is such a share of it.
    Share {
        /// Of a line, not of the document.
        of_line: bool,
        /// A charge, not an allowance.
        is_charge: bool,
    },
    /// BR-CO-10: the sum of all lines.
    LineTotal,
    /// BR-CO-11: the sum of all allowances.
    AllowanceTotal,
    /// BR-CO-12: the sum of all charges.
    ChargeTotal,
    /// BR-CO-13: the total without tax is lines − allowances + charges.
    NetTotal,
    /// BR-CO-14: the sum of all tax.
    TaxTotal,
    /// BR-CO-15: the total with tax is that without + all tax, which is stated once in the currency of the document.
    GrossTotal,
    /// BR-CO-16: what is to be paid is the total with tax − what is paid + what it is rounded by.
    Payable,
    /// BR-CO-17: a tax is what is taxed × its rate, rounded.
    Tax,
    /// BR-CO-18: there is a breakdown of tax.
    Breakdown,
    /// BR-53: tax is stated in the currency of the books as well, if the document names one.
    TaxInBooks,
    /// BR-S-08 and its like: what is taxed is the sum of the lines, allowances and charges that are taxed so.
    Taxable(Category),
    /// BR-S-09 and its like: the tax of a category, none but for S, L and M.
    CategoryTax(Category),
}

/// A category of value added tax, by its code in UNTDID 5305.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Standard rate.
    S,
    /// Zero rate.
    Z,
    /// Exempt.
    E,
    /// Reverse charge.
    Ae,
    /// Supply within the Community.
    K,
    /// Export.
    G,
    /// Not subject to the tax.
    O,
    /// The tax of the Canary Islands.
    L,
    /// The tax of Ceuta and Melilla.
    M,
}

/// A figure that is not what its rule makes of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The rule that is broken.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What is stated, if it is.
    pub stated: Option<Decimal>,
    /// What it should be; none if that cannot be computed, since it would be too long or nothing is taxed so.
    pub computed: Option<Decimal>,
    /// Whether the published rule set lets it pass: it takes less than one unit of the currency for rounding where there is tax, and has
    /// no rule about lines and percentages.
    pub is_tolerated: bool,
}

impl Rule {
    /// Its name in EN 16931.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LineNet => "BT-131",
            Self::Share { of_line: true, is_charge: false } => "BT-136",
            Self::Share { of_line: true, is_charge: true } => "BT-141",
            Self::Share { of_line: false, is_charge: false } => "BT-92",
            Self::Share { of_line: false, is_charge: true } => "BT-99",
            Self::LineTotal => "BR-CO-10",
            Self::AllowanceTotal => "BR-CO-11",
            Self::ChargeTotal => "BR-CO-12",
            Self::NetTotal => "BR-CO-13",
            Self::TaxTotal => "BR-CO-14",
            Self::GrossTotal => "BR-CO-15",
            Self::Payable => "BR-CO-16",
            Self::Tax => "BR-CO-17",
            Self::Breakdown => "BR-CO-18",
            Self::TaxInBooks => "BR-53",
            Self::Taxable(category) => category.codes().0,
            Self::CategoryTax(category) => category.codes().1,
        }
    }
}

impl Category {
    pub(super) fn parse(code: &str) -> Option<Self> {
        Some(match code {
            "S" => Self::S,
            "Z" => Self::Z,
            "E" => Self::E,
            "AE" => Self::Ae,
            "K" => Self::K,
            "G" => Self::G,
            "O" => Self::O,
            "L" => Self::L,
            "M" => Self::M,
            _ => return None,
        })
    }

    /// Whether there is tax in it, at several rates.
    pub const fn is_taxed(self) -> bool {
        matches!(self, Self::S | Self::L | Self::M)
    }

    const fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::S => ("BR-S-08", "BR-S-09"),
            Self::Z => ("BR-Z-08", "BR-Z-09"),
            Self::E => ("BR-E-08", "BR-E-09"),
            Self::Ae => ("BR-AE-08", "BR-AE-09"),
            Self::K => ("BR-IC-08", "BR-IC-09"),
            Self::G => ("BR-G-08", "BR-G-09"),
            Self::O => ("BR-O-08", "BR-O-09"),
            Self::L => ("BR-AF-08", "BR-AF-09"),
            Self::M => ("BR-AG-08", "BR-AG-09"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, place: Place { offset, line }, stated, computed, is_tolerated: _ } = self;
        let or_none =
            |number: &Option<Decimal>| number.map_or("none".to_owned(), |number| number.to_string());
        let (stated, computed) = (or_none(stated), or_none(computed));
        write!(f, "{rule} in line {line}, byte {offset}: {stated} is stated, {computed} is right")
    }
}
