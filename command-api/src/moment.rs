//! Times and days as requests give them: bounded, so that every reader downstream can store and sort them.

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

/// The years that a request may name. Beyond the last one lies nothing but mistyping, and databases that choke on it.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

const NOT_A_MOMENT: &str = "must be a time such as 2026-01-31T12:00:00Z, in the years 1900 to 2200";
const NOT_A_DAY: &str = "must be a date such as 2026-01-31, in the years 1900 to 2200";

/// A moment (RFC 3339), kept in UTC and in whole microseconds, as the log does; in the years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00Z")]
pub struct Moment(DateTime<Utc>);

/// A calendar day (ISO 8601), in the years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2026-12-31")]
pub struct Day(NaiveDate);

/// Nothing but when it happened.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OccurredIn {
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl Moment {
    /// The moment.
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl Day {
    /// The day.
    pub const fn get(self) -> NaiveDate {
        self.0
    }
}

/// `time` without what the log would not keep. A leap second is the first moment of the next minute.
pub(crate) fn whole_microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or_else(|| time.trunc_subsecs(6))
}

// Read through `Value`: serde's own message on a wrong type would repeat the value.
impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let time = time.map(|time| whole_microseconds(time.to_utc()));
        let known = time.filter(|time| YEARS.contains(&time.year()));
        known.map(Self).ok_or_else(|| D::Error::custom(NOT_A_MOMENT))
    }
}
impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let known = value.as_str().and_then(edge::day).filter(|day| YEARS.contains(&day.year()));
        known.map(Self).ok_or_else(|| D::Error::custom(NOT_A_DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Option<String> {
        serde_json::from_value::<Moment>(text.into()).ok().map(|moment| moment.get().to_rfc3339())
    }

    fn day(text: &str) -> Option<String> {
        serde_json::from_value::<Day>(text.into()).ok().map(|day| day.get().to_string())
    }

    #[test]
    fn moments_are_kept_in_utc_and_whole_microseconds() {
        let kept = moment("2026-01-31T12:00:00.1234567+02:00");
        assert_eq!(kept.as_deref(), Some("2026-01-31T10:00:00.123456+00:00"));
        assert_eq!(moment("2016-12-31T23:59:60Z").as_deref(), Some("2017-01-01T00:00:00+00:00"));
    }

    #[test]
    fn years_are_1900_to_2200_in_utc() {
        assert!(moment("1900-01-01T00:00:00Z").is_some() && moment("2200-12-31T23:59:59Z").is_some());
        for bad in ["1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "2200-12-31T23:59:59-05:00", "tomorrow"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
        assert!(day("1900-01-01").is_some() && day("2200-12-31").is_some());
        for bad in [
            "1899-12-31",
            "2201-01-01",
            "+12026-1-1",
            "2026-02-30",
            "2026-1-1 ",
            "2026- 1-31",
            "2026-01-31T00:00:00Z",
        ] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_value() {
        let error = serde_json::from_str::<Moment>("4711").unwrap_err().to_string();
        assert!(error.starts_with("must be a time such as") && !error.contains("4711"), "{error}");
    }
}
