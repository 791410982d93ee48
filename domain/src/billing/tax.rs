//! How something is taxed, in the categories of EN 16931.

use serde::{Deserialize, Serialize};

use super::TaxRate;
use crate::{Invalid, Text};

/// A category of value added tax, by its code in UNTDID 5305.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxCategory {
    /// Taxed at a rate above 0.
    S,
    /// Taxed at the rate of 0.
    Z,
    /// Exempt, for a reason that the document has to tell.
    E,
    /// Taxed at the buyer, who owes it in place of the seller.
    #[serde(rename = "AE")]
    Ae,
}

/// How something is taxed. Only category S has a rate above 0, and only E has a reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Tax {
    category: TaxCategory,
    rate: TaxRate,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<200>>,
}

/// A tax as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    category: TaxCategory,
    #[serde(default = "no_rate")]
    rate: TaxRate,
    #[serde(default)]
    reason: Option<Text<200>>,
}

const fn no_rate() -> TaxRate {
    TaxRate::ZERO
}

impl Tax {
    /// Checks that rate and reason go with the category.
    ///
    /// # Errors
    /// [`Invalid::NotATax`].
    pub fn new(category: TaxCategory, rate: TaxRate, reason: Option<Text<200>>) -> Result<Self, Invalid> {
        let fits = match category {
            TaxCategory::S => !rate.is_zero() && reason.is_none(),
            TaxCategory::Z | TaxCategory::Ae => rate.is_zero() && reason.is_none(),
            TaxCategory::E => rate.is_zero() && reason.is_some(),
        };
        if fits { Ok(Self { category, rate, reason }) } else { Err(Invalid::NotATax) }
    }

    /// The category.
    pub const fn category(&self) -> TaxCategory {
        self.category
    }

    /// The rate, in percent.
    pub const fn rate(&self) -> TaxRate {
        self.rate
    }

    /// Why it is exempt, if it is.
    pub const fn reason(&self) -> Option<&Text<200>> {
        self.reason.as_ref()
    }
}

impl TryFrom<Written> for Tax {
    type Error = Invalid;

    fn try_from(Written { category, rate, reason }: Written) -> Result<Self, Invalid> {
        Self::new(category, rate, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_reason_go_with_the_category() {
        for good in [
            r#"{"category": "S", "rate": "19"}"#,
            r#"{"category": "Z"}"#,
            r#"{"category": "E", "rate": "0", "reason": "Small business"}"#,
            r#"{"category": "AE", "rate": "0.00"}"#,
        ] {
            let tax: Tax = serde_json::from_str(good).unwrap();
            let json = serde_json::to_string(&tax).unwrap();
            assert_eq!(serde_json::from_str::<Tax>(&json).unwrap(), tax);
        }
        for bad in [
            r#"{"category": "S"}"#,
            r#"{"category": "S", "rate": "19", "reason": "Why"}"#,
            r#"{"category": "Z", "rate": "7"}"#,
            r#"{"category": "E"}"#,
            r#"{"category": "AE", "rate": "19"}"#,
        ] {
            let error = serde_json::from_str::<Tax>(bad).unwrap_err().to_string();
            assert!(error.starts_with("must have a rate above 0 in category S"), "{bad}: {error}");
        }
    }
}
