//! Money: a decimal amount of a currency of ISO 4217, never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// A currency of ISO 4217 that has minor units (so not gold, nor the code for testing); its code in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "Value")]
pub struct Currency(iso_currency::Currency);

/// An amount of at least 0, with exactly the decimal places of its currency, so that equal amounts look the same.
///
/// `{"amount": "1250.00", "currency": "EUR"}` in JSON; the amount is text, since JSON numbers get rounded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Money {
    // `serde-with-str` writes it with its scale: `10` euros are "10.00".
    #[serde(with = "rust_decimal::serde::str")]
    amount: Decimal,
    currency: Currency,
}

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);

    /// Parses a code, in capitals.
    ///
    /// # Errors
    /// [`Invalid::NotACurrency`].
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let currency = iso_currency::Currency::from_code(code).filter(|known| known.exponent().is_some());
        currency.filter(|known| known.code() == code).map(Self).ok_or(Invalid::NotACurrency)
    }

    /// The code, three capitals.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of an amount: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn minor_units(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl Money {
    /// Most digits before the decimal point.
    pub const MAX_INTEGER_DIGITS: usize = 15;

    /// Checks an amount and gives it the scale of its currency. `10.000` euros are refused rather than read as 10,
    /// since whoever writes so may well mean ten thousand.
    ///
    /// # Errors
    /// [`Invalid::NegativeAmount`], [`Invalid::AmountTooLarge`], [`Invalid::TooManyDecimalPlaces`].
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, Invalid> {
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(Invalid::NegativeAmount);
        }
        let was = amount.trunc().normalize().to_string().len();
        if was > Self::MAX_INTEGER_DIGITS {
            return Err(Invalid::AmountTooLarge { was });
        }
        let max = currency.minor_units();
        if amount.scale() > max {
            let was = usize::try_from(amount.scale()).unwrap_or(usize::MAX);
            return Err(Invalid::TooManyDecimalPlaces { max, was, currency: currency.code() });
        }
        let mut amount = amount.abs();
        amount.rescale(max);
        Ok(Self { amount, currency })
    }

    /// Parses digits with an optional decimal point and fraction, such as `1250` or `1250.00`; no thousands separators,
    /// no exponent.
    ///
    /// # Errors
    /// [`Invalid::NotAnAmount`] and those of [`Money::new`].
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, Invalid> {
        let unsigned = amount.strip_prefix('-').unwrap_or(amount);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(Invalid::NotAnAmount);
        }
        let was = whole.trim_start_matches('0').len();
        if was > Self::MAX_INTEGER_DIGITS {
            return Err(Invalid::AmountTooLarge { was });
        }
        if fraction.len() > MAX_FRACTION_DIGITS {
            let (max, was) = (currency.minor_units(), fraction.len());
            return Err(Invalid::TooManyDecimalPlaces { max, was, currency: currency.code() });
        }
        Decimal::from_str_exact(amount).map_err(|_| Invalid::NotAnAmount).and_then(|a| Self::new(a, currency))
    }

    /// Nothing of a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::new(0, currency.minor_units()), currency }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Both together; none of two currencies, or if that is more than an amount can be.
    pub fn plus(self, other: Self) -> Option<Self> {
        let sum = self.amount.checked_add(other.amount)?;
        if self.currency == other.currency { Self::new(sum, self.currency).ok() } else { None }
    }

    /// What is left without another; none of two currencies, or if that one is more.
    pub fn minus(self, other: Self) -> Option<Self> {
        let rest = self.amount.checked_sub(other.amount)?;
        if self.currency == other.currency { Self::new(rest, self.currency).ok() } else { None }
    }

    /// The amount, with the scale of the currency.
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

/// Fraction digits that fit into a [`Decimal`] beside the integer digits.
const MAX_FRACTION_DIGITS: usize = 12;

impl TryFrom<Value> for Money {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        let Value::Object(mut fields) = value else { return Err(Invalid::NotMoney) };
        let (Some(amount), Some(currency), true) =
            (fields.remove("amount"), fields.remove("currency"), fields.is_empty())
        else {
            return Err(Invalid::NotMoney);
        };
        let amount = string(amount).map_err(|_| Invalid::NotAnAmount)?;
        Self::parse(&amount, Currency::try_from(currency)?)
    }
}
impl TryFrom<Value> for Currency {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotACurrency).and_then(|code| Self::parse(&code))
    }
}
impl TryFrom<&str> for Currency {
    type Error = Invalid;

    fn try_from(code: &str) -> Result<Self, Invalid> {
        Self::parse(code)
    }
}
impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::parse(code)
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: &str, code: &str) -> Result<String, Invalid> {
        Money::parse(amount, Currency::parse(code)?).map(|money| money.to_string())
    }

    #[test]
    fn equal_amounts_look_the_same() {
        assert_eq!(money("10", "EUR"), money("10.00", "EUR"));
        assert_eq!(money("10.5", "EUR"), Ok("10.50 EUR".to_owned()));
        assert_eq!(money("007", "JPY"), Ok("7 JPY".to_owned()));
        assert_eq!(money("1.234", "KWD"), Ok("1.234 KWD".to_owned()));
        assert_eq!(money("-0", "EUR"), Ok("0.00 EUR".to_owned()));
    }

    #[test]
    fn an_amount_has_no_more_places_than_its_currency() {
        let too_many = |max, was, currency| Err(Invalid::TooManyDecimalPlaces { max, was, currency });
        assert_eq!(money("10.000", "EUR"), too_many(2, 3, "EUR"));
        assert_eq!(money("10.0", "JPY"), too_many(0, 1, "JPY"));
        assert_eq!(money(&format!("1.{}", "0".repeat(40)), "EUR"), too_many(2, 40, "EUR"));
    }

    #[test]
    fn an_amount_is_a_plain_number_of_at_most_15_digits() {
        for bad in ["", ".", "1.", ".5", "+1", "--1", "1e3", "1,000", "1_000", " 1", "٣", "NaN", "1.2.3"] {
            assert_eq!(money(bad, "EUR"), Err(Invalid::NotAnAmount), "{bad:?}");
        }
        assert_eq!(money("-0.01", "EUR"), Err(Invalid::NegativeAmount));
        assert_eq!(money(&"9".repeat(16), "EUR"), Err(Invalid::AmountTooLarge { was: 16 }));
        assert_eq!(money(&"9".repeat(99), "EUR"), Err(Invalid::AmountTooLarge { was: 99 }));
        assert!(money(&format!("{}.99", "9".repeat(15)), "EUR").is_ok());
        let large = Money::new(Decimal::MAX, Currency::EUR);
        assert_eq!(large, Err(Invalid::AmountTooLarge { was: 29 }));
        assert!(Money::new(Decimal::from(1_000_000), Currency::EUR).is_ok());
    }

    #[test]
    fn currencies_are_those_of_iso_4217_that_have_minor_units() {
        for bad in ["eur", "EU", "EURO", "ABC", "XAU", "XTS", "XXX", ""] {
            assert_eq!(Currency::parse(bad), Err(Invalid::NotACurrency), "{bad:?}");
        }
        assert_eq!(Currency::parse("EUR"), Ok(Currency::EUR));
    }

    #[test]
    fn sums_and_differences_stay_in_one_currency_and_at_or_above_0() {
        let of = |amount, code| Money::parse(amount, Currency::parse(code).unwrap()).unwrap();
        assert_eq!(of("1", "EUR").plus(of("0.50", "EUR")), Some(of("1.5", "EUR")));
        assert_eq!(of("1", "EUR").minus(of("0.50", "EUR")), Some(of("0.5", "EUR")));
        assert_eq!(of("1", "EUR").minus(of("1", "EUR")), Some(Money::zero(Currency::EUR)));
        assert_eq!(of("1", "EUR").minus(of("1.01", "EUR")), None);
        assert_eq!(of("1", "EUR").plus(of("1", "USD")), None);
        assert_eq!(of("1", "EUR").minus(of("1", "USD")), None);
        assert_eq!(of("999999999999999", "EUR").plus(of("1", "EUR")), None);
    }

    #[test]
    fn json_is_an_object_with_the_amount_as_text() {
        let euros = Money::parse("10", Currency::EUR).unwrap();
        let json = serde_json::to_value(euros).unwrap();
        assert_eq!(json, serde_json::json!({"amount": "10.00", "currency": "EUR"}));
        assert_eq!(serde_json::from_value::<Money>(json).unwrap(), euros);
    }

    #[test]
    fn a_refusal_names_what_is_wrong() {
        for (json, start) in [
            (r#"{"amount": 10, "currency": "EUR"}"#, "must have an amount that is a decimal number as text"),
            (r#"{"amount": "10", "currency": 978}"#, "must be an ISO 4217 currency code"),
            (r#"{"amount": "10"}"#, "must be an object with the fields amount and currency"),
            (r#"{"amount": "10", "currency": "EUR", "x": 1}"#, "must be an object with the fields"),
            ("10", "must be an object with the fields amount and currency"),
        ] {
            let error = serde_json::from_str::<Money>(json).unwrap_err().to_string();
            assert!(error.starts_with(start), "{json}: {error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_comes_back_from_json_unchanged(amount in "[0-9]{1,17}(\\.[0-9]{1,4})?", code in "EUR|JPY|KWD|CLF") {
            if let Ok(money) = Money::parse(&amount, Currency::parse(&code).unwrap()) {
                let json = serde_json::to_string(&money).unwrap();
                prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
                prop_assert_eq!(money.amount().scale(), money.currency().minor_units());
                prop_assert_eq!(money.amount(), amount.parse::<Decimal>().unwrap());
            }
        }

        #[test]
        fn no_text_makes_parsing_panic(amount in "\\PC{0,40}") {
            let _ = Money::parse(&amount, Currency::EUR);
        }
    }
}
