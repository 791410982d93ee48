//! Days, times, numbers and flags as people write them into files.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use domain::custom::CustomNumber;
use domain::{CustomValue, Money, Text};
use rust_decimal::Decimal;

use super::columns::Row;
use super::entry::{CurrencySource, Entry};
use super::map::{Holds, Scalar};

const USUAL_TIMES: [&str; 4] = ["%+", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d"];
const USUAL_DAY: &str = "%Y-%m-%d";

/// A time in one of `formats`. Without an offset it is UTC, without a time of day the beginning of the day.
///
/// # Errors
/// A sentence that goes on after the name of the field.
pub fn time(text: &str, formats: &[String]) -> Result<DateTime<Utc>, String> {
    let read = |format: &str| {
        let with_offset = DateTime::parse_from_str(text, format).map(|time| time.to_utc());
        let without = || NaiveDateTime::parse_from_str(text, format).map(|time| time.and_utc());
        let day =
            || NaiveDate::parse_from_str(text, format).map(|day| day.and_time(NaiveTime::MIN).and_utc());
        with_offset.or_else(|_| without()).or_else(|_| day()).ok()
    };
    let found = match formats {
        [] => USUAL_TIMES.into_iter().find_map(read),
        formats => formats.iter().find_map(|format| read(format)),
    };
    // The log keeps whole microseconds.
    let found = found.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()));
    found.ok_or_else(|| {
        format!("must be a time written as {}", or(formats, "2026-01-31 or 2026-01-31T12:00:00Z"))
    })
}

/// A day in one of `formats`; a time of day is left out.
///
/// # Errors
/// A sentence that goes on after the name of the field.
pub fn day(text: &str, formats: &[String]) -> Result<NaiveDate, String> {
    let read = |format: &str| {
        let day = NaiveDate::parse_from_str(text, format);
        day.or_else(|_| NaiveDateTime::parse_from_str(text, format).map(|time| time.date())).ok()
    };
    let found = match formats {
        [] => read(USUAL_DAY),
        formats => formats.iter().find_map(|format| read(format)),
    };
    found.ok_or_else(|| format!("must be a day written as {}", or(formats, "2026-01-31")))
}

fn or(formats: &[String], usual: &str) -> String {
    if formats.is_empty() { usual.to_owned() } else { formats.join(" or ") }
}

/// A number as programs write it. With a `decimal` mark, everything else between digits separates thousands.
fn number(text: &str, decimal: Option<char>) -> String {
    match decimal {
        None => text.to_owned(),
        Some(mark) => {
            let separators = ['.', ',', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}'];
            let kept = text.chars().filter(|c| *c == mark || !separators.contains(c));
            kept.map(|c| if c == mark { '.' } else { c }).collect()
        }
    }
}

/// An amount, of the currency that the entry or the row says.
///
/// # Errors
/// A sentence that goes on after the name of the field.
pub fn money(text: &str, entry: &Entry, row: &Row<'_>) -> Result<Money, String> {
    let currency = match &entry.currency {
        None => return Err("has no currency: the map must name one".to_owned()),
        Some(CurrencySource::Constant(currency)) => *currency,
        Some(CurrencySource::Entry(source)) => {
            let code = source.value(row).ok_or("has no currency")?;
            domain::Currency::parse(&code.text())
                .map_err(|invalid| format!("has a currency that {invalid}"))?
        }
    };
    Money::parse(&number(text, entry.decimal), currency).map_err(|invalid| invalid.to_string())
}

/// The value of a custom field.
///
/// # Errors
/// A sentence that goes on after the name of the field.
pub fn custom(value: &Scalar, entry: &Entry) -> Result<CustomValue, String> {
    match value {
        Scalar::Flag(flag) => Ok(CustomValue::Flag(*flag)),
        Scalar::Whole(_) | Scalar::Number(_) => custom_number(&value.text(), None),
        Scalar::Text(text) => match entry.holds {
            Holds::Number => custom_number(text, entry.decimal),
            Holds::Flag => flag(text).map(CustomValue::Flag),
            Holds::Text if entry.formats.is_empty() => custom_text(text),
            Holds::Text => custom_text(&day(text, &entry.formats)?.to_string()),
        },
    }
}

fn custom_text(text: &str) -> Result<CustomValue, String> {
    Text::parse(text).map(CustomValue::Text).map_err(|invalid| invalid.to_string())
}

fn custom_number(text: &str, decimal: Option<char>) -> Result<CustomValue, String> {
    let parsed =
        Decimal::from_str_exact(&number(text, decimal)).map_err(|_| "must be a number".to_owned())?;
    CustomNumber::new(parsed).map(CustomValue::Number).map_err(|invalid| invalid.to_string())
}

fn flag(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(true),
        "false" | "no" | "n" | "0" => Ok(false),
        _ => Err("must be yes or no".to_owned()),
    }
}
