//! Figures of UBL invoices and credit notes, as their files state them, to be recomputed.
//!
//! What is not there is no error here, so that parts of documents can be read; what is there has to be well-formed.

mod check;
mod document;
mod rule;

use rust_decimal::Decimal;

pub use self::rule::{Category, Disagreement, Rule};
pub use crate::tree::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS};
use crate::{ReadError, tree};

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many bytes are before it.
    pub offset: usize,
    /// The line, from 1.
    pub line: usize,
}

/// A number, and where it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The number, as it is written.
    pub value: Decimal,
    /// Where.
    pub place: Place,
}

/// Which kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An invoice.
    Invoice,
    /// A credit note, whose amounts are above 0 where they are given back.
    CreditNote,
}

/// All figures of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Which kind of document it is.
    pub kind: Kind,
    /// Its number (BT-1).
    pub number: Option<String>,
    /// Its currency (BT-5).
    pub currency: Option<String>,
    /// The currency of the books (BT-6).
    pub tax_currency: Option<String>,
    /// Its lines (BG-25).
    pub lines: Vec<Line>,
    /// Its allowances (BG-20) and charges (BG-21).
    pub adjustments: Vec<Adjustment>,
    /// Its tax, once for each currency.
    pub tax_totals: Vec<TaxTotal>,
    /// Its totals (BG-22).
    pub totals: Totals,
    /// Where it starts.
    pub place: Place,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its identifier (BT-126).
    pub id: Option<String>,
    /// How much is sold (BT-129).
    pub quantity: Option<Stated>,
    /// Its net amount (BT-131).
    pub net: Option<Stated>,
    /// The net price (BT-146) of so many units as the base quantity says.
    pub price: Option<Stated>,
    /// How many units the price is of (BT-149); one if it is not there.
    pub base_quantity: Option<Stated>,
    /// Its allowances (BG-27) and charges (BG-28).
    pub adjustments: Vec<Adjustment>,
    /// How it is taxed.
    pub tax: Option<Tax>,
    /// Where it is.
    pub place: Place,
}

/// An allowance or a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// A charge, not an allowance.
    pub is_charge: bool,
    /// Its percentage.
    pub percent: Option<Stated>,
    /// What the percentage is of.
    pub base: Option<Stated>,
    /// What it comes to.
    pub amount: Option<Stated>,
    /// How it is taxed, if it is one of the document.
    pub tax: Option<Tax>,
    /// Where it is.
    pub place: Place,
}

/// How something is taxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    /// The code of the category, in UNTDID 5305.
    pub category: String,
    /// The rate, in percent.
    pub rate: Option<Decimal>,
    /// Whether it is value added tax, and not one that the standard says nothing about.
    pub is_vat: bool,
}

/// All tax of a document in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxTotal {
    /// The sum (BT-110 or BT-111).
    pub amount: Option<Stated>,
    /// Its currency.
    pub currency: Option<String>,
    /// Its parts (BG-23).
    pub taxes: Vec<TaxSum>,
    /// Where it is.
    pub place: Place,
}

/// What is taxed in one way, and the tax on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxSum {
    /// How it is taxed.
    pub tax: Option<Tax>,
    /// What is taxed (BT-116).
    pub taxable: Option<Stated>,
    /// The tax (BT-117).
    pub amount: Option<Stated>,
    /// Where it is.
    pub place: Place,
}

/// What a document comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The sum of all lines (BT-106).
    pub lines: Option<Stated>,
    /// All allowances of the document (BT-107).
    pub allowances: Option<Stated>,
    /// All its charges (BT-108).
    pub charges: Option<Stated>,
    /// The total without tax (BT-109).
    pub net: Option<Stated>,
    /// The total with tax (BT-112).
    pub gross: Option<Stated>,
    /// What is paid already (BT-113).
    pub prepaid: Option<Stated>,
    /// What the amount to be paid is rounded by (BT-114).
    pub rounding: Option<Stated>,
    /// What is to be paid (BT-115).
    pub payable: Option<Stated>,
    /// Where they are, if they are there at all.
    pub place: Option<Place>,
}

/// The figures of a UBL `Invoice` or `CreditNote`.
///
/// # Errors
/// What keeps the file from being read, and where.
pub fn read(file: &[u8]) -> Result<Figures, ReadError> {
    document::figures(&tree::parse(file)?)
}
