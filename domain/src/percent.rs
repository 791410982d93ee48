//! Whole percentages.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;

/// A whole number from 0 to 100, a plain integer in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Percent(u8);

impl Percent {
    /// 0 %.
    pub const ZERO: Self = Self(0);
    /// 100 %.
    pub const HUNDRED: Self = Self(100);

    /// Checks `value`.
    ///
    /// # Errors
    /// [`Invalid::NotAPercentage`].
    pub const fn new(value: u8) -> Result<Self, Invalid> {
        if value <= 100 { Ok(Self(value)) } else { Err(Invalid::NotAPercentage) }
    }

    /// Parses digits, with or without surrounding white space and a `%` at the end.
    ///
    /// # Errors
    /// [`Invalid::NotAPercentage`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let digits = text.strip_suffix('%').unwrap_or(text).trim_end();
        if digits.starts_with('+') {
            return Err(Invalid::NotAPercentage);
        }
        digits.parse().map_err(|_| Invalid::NotAPercentage).and_then(Self::new)
    }

    /// 0 to 100.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<Value> for Percent {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
        number.ok_or(Invalid::NotAPercentage).and_then(Self::new)
    }
}
impl TryFrom<u8> for Percent {
    type Error = Invalid;

    fn try_from(value: u8) -> Result<Self, Invalid> {
        Self::new(value)
    }
}
impl TryFrom<&str> for Percent {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_whole_numbers_from_0_to_100() {
        for good in ["0", "100"] {
            assert!(serde_json::from_str::<Percent>(good).is_ok(), "{good}");
        }
        for bad in ["101", "-1", "10.5", "300", "\"50\"", "null"] {
            let error = serde_json::from_str::<Percent>(bad).unwrap_err().to_string();
            assert!(error.starts_with("must be a whole number from 0 to 100"), "{bad}: {error}");
        }
    }

    #[test]
    fn text_may_have_a_percent_sign() {
        assert_eq!(Percent::parse(" 20 % "), Percent::new(20));
        assert_eq!(Percent::parse("20"), Percent::new(20));
        assert_eq!(Percent::parse("20%%"), Err(Invalid::NotAPercentage));
        assert_eq!(Percent::parse("+20"), Err(Invalid::NotAPercentage));
    }
}
