//! Numbers of documents, and the patterns that they are made by.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// The number of a document, such as `INV-2026-00042`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct DocumentNumber(String);

/// How numbers of a series look: `INV-{year}-{seq:5}`, with `{seq:N}` for the counter of at least N digits, and `{year}` if
/// counting begins anew each year. No other digit stands right beside the counter, since nobody could tell it from one of the counter's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct NumberPattern(String);

/// A part of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Plain(&'a str),
    Year,
    Counter(usize),
}

const YEAR: &str = "year";

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-/._".contains(&byte))
}

impl DocumentNumber {
    /// Most characters.
    pub const MAX: usize = 30;

    /// Checks a number.
    ///
    /// # Errors
    /// [`Invalid::NotADocumentNumber`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=Self::MAX).contains(&text.len()) && is_plain(text);
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::NotADocumentNumber) }
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NumberPattern {
    /// Most characters of what is neither year nor counter, so that every number fits.
    const MAX_PLAIN: usize = DocumentNumber::MAX - 4 - 10;

    /// Checks a pattern.
    ///
    /// # Errors
    /// [`Invalid::NotANumberPattern`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts = parts(text).ok_or(Invalid::NotANumberPattern)?;
        let count = |is: fn(&Part<'_>) -> bool| parts.iter().filter(|part| is(part)).count();
        let plain: usize = parts.iter().map(|part| plain(*part).len()).sum();
        let fits = count(|part| matches!(part, Part::Counter(_))) == 1
            && count(|part| *part == Part::Year) <= 1
            && plain <= Self::MAX_PLAIN
            && parts.windows(2).all(|pair| !are_read_as_one(pair[0], pair[1]));
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::NotANumberPattern) }
    }

    /// Whether counting begins anew each year.
    pub fn is_yearly(&self) -> bool {
        self.parts().contains(&Part::Year)
    }

    /// The number that comes of a year and a counter.
    ///
    /// # Errors
    /// [`Invalid::NotADocumentNumber`] of a counter beyond all numbers that fit.
    pub fn number(&self, year: i32, counter: u32) -> Result<DocumentNumber, Invalid> {
        let text: String = self
            .parts()
            .into_iter()
            .map(|part| match part {
                Part::Plain(text) => text.to_owned(),
                Part::Year => format!("{year:04}"),
                Part::Counter(width) => format!("{counter:0width$}"),
            })
            .collect();
        DocumentNumber::parse(&text)
    }

    /// The pattern without the width of its counter: counters outgrow their digits, so patterns that differ in nothing else meet.
    pub fn shape(&self) -> String {
        let text = |part| match part {
            Part::Plain(text) => text,
            Part::Year => "{year}",
            Part::Counter(_) => "{seq}",
        };
        self.parts().into_iter().map(text).collect()
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> Vec<Part<'_>> {
        parts(&self.0).unwrap_or_default()
    }
}

/// The parts of a pattern; none if it has something else in it.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        parts.extend([Part::Plain(before), named(name)?]);
        rest = behind;
    }
    parts.push(Part::Plain(rest));
    parts.iter().all(|part| is_plain(plain(*part))).then_some(parts)
}

fn named(name: &str) -> Option<Part<'_>> {
    match (name, name.strip_prefix("seq:")) {
        (YEAR, _) => Some(Part::Year),
        (_, Some(width)) => match width.as_bytes() {
            [digit @ b'1'..=b'9'] => Some(Part::Counter(usize::from(digit - b'0'))),
            _ => None,
        },
        (_, None) => None,
    }
}

fn are_read_as_one(part: Part<'_>, next: Part<'_>) -> bool {
    match (part, next) {
        (Part::Plain(text), Part::Counter(_)) => text.ends_with(|end: char| end.is_ascii_digit()),
        (Part::Counter(_), Part::Plain(text)) => text.starts_with(|start: char| start.is_ascii_digit()),
        _ => false,
    }
}

const fn plain(part: Part<'_>) -> &str {
    match part {
        Part::Plain(text) => text,
        Part::Year | Part::Counter(_) => "",
    }
}

impl TryFrom<Value> for DocumentNumber {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotADocumentNumber).and_then(|text| Self::parse(&text))
    }
}
impl TryFrom<Value> for NumberPattern {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotANumberPattern).and_then(|text| Self::parse(&text))
    }
}
impl TryFrom<&str> for DocumentNumber {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(pattern: &str, year: i32, counter: u32) -> String {
        NumberPattern::parse(pattern).unwrap().number(year, counter).unwrap().to_string()
    }

    #[test]
    fn a_number_has_year_and_counter_where_its_pattern_says() {
        assert_eq!(number("INV-{year}-{seq:5}", 2026, 42), "INV-2026-00042");
        assert_eq!(number("{seq:1}/{year}", 2026, 7), "7/2026");
        assert_eq!(number("R{seq:3}", 2026, 12_345), "R12345", "a counter may outgrow its digits");
    }

    #[test]
    fn a_pattern_has_one_counter_and_at_most_one_year() {
        for bad in [
            "",
            "INV",
            "{year}",
            "{seq:0}",
            "{seq:10}",
            "{seq}",
            "{seq:x}",
            "{seq:1}{seq:1}",
            "{year}{year}{seq:1}",
            "{month}{seq:1}",
            "{seq:1",
            "seq:1}",
            "INV {seq:1}",
            "№{seq:1}",
            "A-very-long-prefix-{seq:1}",
            "A1{seq:1}",
            "{seq:1}1",
        ] {
            assert_eq!(NumberPattern::parse(bad), Err(Invalid::NotANumberPattern), "{bad:?}");
        }
    }

    #[test]
    fn only_patterns_with_a_year_begin_anew() {
        assert!(NumberPattern::parse("{year}-{seq:4}").unwrap().is_yearly());
        assert!(!NumberPattern::parse("{seq:4}").unwrap().is_yearly());
    }

    #[test]
    fn patterns_that_differ_in_the_width_of_the_counter_are_of_one_shape() {
        let shape = |pattern: &str| NumberPattern::parse(pattern).unwrap().shape();
        assert_eq!(shape("INV-{year}-{seq:4}"), "INV-{year}-{seq}");
        assert_eq!(shape("INV-{year}-{seq:4}"), shape("INV-{year}-{seq:5}"));
        assert_ne!(shape("INV-{year}-{seq:4}"), shape("INV-{seq:4}"));
    }

    proptest! {
        #[test]
        fn every_counter_of_a_year_has_a_number_of_its_own(
            pattern in "[A-Z/._-]{0,4}(\\{year\\}-)?\\{seq:[1-9]\\}[A-Z]{0,3}",
            one in any::<u32>(),
            other in any::<u32>(),
        ) {
            let pattern = NumberPattern::parse(&pattern).unwrap();
            let (first, second) = (pattern.number(2026, one).unwrap(), pattern.number(2026, other).unwrap());
            prop_assert_eq!(first == second, one == other);
        }

        #[test]
        fn no_text_makes_parsing_panic(text in "\\PC{0,30}") {
            let _ = NumberPattern::parse(&text);
        }
    }
}
