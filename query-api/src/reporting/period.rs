//! Days, and periods from one to another.

use chrono::NaiveDate;
use edge::{FieldError, Problem};
use serde::Deserialize;

/// A day such as 2026-01-31; years have four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Day(pub(crate) NaiveDate);

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        edge::day(&text).map(Self).ok_or("must be a date such as 2026-01-31")
    }
}

/// From a day on, that day included, until another day, that day excluded. Without an end it goes on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
}

impl Period {
    /// # Errors
    /// The 422 problem if the end is not after the beginning.
    pub(super) fn new(from: Option<Day>, to: Option<Day>) -> Result<Self, Problem> {
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(Problem::invalid(vec![FieldError::new("to", "conflict", "must be after from")]));
        }
        Ok(Self { from: from.map(|day| day.0), to: to.map(|day| day.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Result<Day, &'static str> {
        Day::try_from(text.to_owned())
    }

    #[test]
    fn a_day_has_exactly_one_form() {
        assert!(day("2026-01-31").is_ok());
        for text in
            ["", "2026-1-31", "2026-02-30", "-026-01-31", "+026-01-31", "2026-01-31T00:00:00Z", "12345-01-01"]
        {
            assert!(day(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_period_ends_after_it_begins() {
        let (first, second) = (day("2026-01-01").unwrap(), day("2026-01-02").unwrap());
        assert!(Period::new(Some(first), Some(second)).is_ok());
        assert!(Period::new(Some(first), Some(first)).is_err());
        assert!(Period::new(None, Some(first)).is_ok());
    }
}
