//! Decimal numbers of bounded length that are no amounts of money: quantities, prices, rates.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// A decimal number of at least 0, with at most `WHOLE` digits before the point and `FRACTION` after it; text in JSON, since
/// JSON numbers get rounded. Equal numbers look the same: `1.50` is kept as `1.5`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Figure<const WHOLE: usize, const FRACTION: usize>(
    #[serde(with = "rust_decimal::serde::str")] Decimal,
);

/// How much of something is sold.
pub type Quantity = Figure<8, 4>;
/// What one unit costs, without tax. It may have more decimal places than its currency.
pub type UnitPrice = Figure<10, 6>;
/// A share of an amount, in percent.
pub type Percentage = Figure<3, 4>;
/// A rate of tax, in percent.
pub type TaxRate = Figure<2, 4>;
/// What one unit of the currency of a document is worth in the currency of whoever issues it.
pub type ExchangeRate = Figure<6, 8>;

impl<const WHOLE: usize, const FRACTION: usize> Figure<WHOLE, FRACTION> {
    /// 0.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Parses digits with an optional point and fraction; no sign, no exponent.
    ///
    /// # Errors
    /// [`Invalid::NotAFigure`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_short = whole.trim_start_matches('0').len() <= WHOLE && fraction.len() <= FRACTION;
        let error = Invalid::NotAFigure { whole: WHOLE, fraction: FRACTION };
        if !digits(whole) || !digits(fraction) || !is_short {
            return Err(error);
        }
        Decimal::from_str_exact(text).map(|number| Self(number.normalize())).map_err(|_| error)
    }

    /// The number, without zeros at its end.
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl<const WHOLE: usize, const FRACTION: usize> TryFrom<Value> for Figure<WHOLE, FRACTION> {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        let error = Invalid::NotAFigure { whole: WHOLE, fraction: FRACTION };
        string(value).map_err(|_| error).and_then(|text| Self::parse(&text))
    }
}
impl<const WHOLE: usize, const FRACTION: usize> fmt::Debug for Figure<WHOLE, FRACTION> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<const WHOLE: usize, const FRACTION: usize> fmt::Display for Figure<WHOLE, FRACTION> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_figures_look_the_same() {
        for text in ["1.5", "1.50", "001.5000"] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), "1.5", "{text}");
        }
        assert_eq!(Quantity::parse("10").unwrap().to_string(), "10");
        assert_eq!(serde_json::to_string(&Quantity::parse("2.0").unwrap()).unwrap(), "\"2\"");
    }

    #[test]
    fn a_figure_is_a_plain_number_of_bounded_length() {
        let bad = ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "٣", "123456789", "1.00000"];
        for text in bad {
            assert_eq!(Quantity::parse(text), Err(Invalid::NotAFigure { whole: 8, fraction: 4 }), "{text:?}");
        }
        assert!(Quantity::parse("99999999.9999").is_ok());
        assert!(serde_json::from_str::<Quantity>("1.5").is_err(), "a number of JSON is none");
    }
}
