//! Text from people: trimmed, bounded, and free of characters that break databases or deceive readers.
//!
//! Stored events are read through these types, so a limit may be widened later but never narrowed.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// One line of 1 to `MAX` characters without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Text<const MAX: usize>(String);

/// Text of 1 to `MAX` characters that may have several lines and tabs; line ends are `\n`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Trims and checks `text`.
    ///
    /// # Errors
    /// [`Invalid::Length`], [`Invalid::ControlCharacter`] (which a line break is too), [`Invalid::DirectionOverride`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        check(text, MAX, |c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))?;
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Prose<MAX> {
    /// Trims and checks `text`, and turns `\r\n` into `\n`.
    ///
    /// # Errors
    /// [`Invalid::Length`], [`Invalid::ControlCharacter`], [`Invalid::DirectionOverride`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim().replace("\r\n", "\n");
        check(&text, MAX, |c| c.is_control() && !matches!(c, '\n' | '\t'))?;
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, max: usize, is_control: fn(char) -> bool) -> Result<(), Invalid> {
    let was = text.chars().count();
    if was == 0 || was > max {
        return Err(Invalid::Length { min: 1, max, was });
    }
    if text.chars().any(is_control) {
        return Err(Invalid::ControlCharacter);
    }
    if text.chars().any(overrides_direction) {
        return Err(Invalid::DirectionOverride);
    }
    Ok(())
}

/// Embeddings, overrides and isolates of the bidirectional algorithm (Unicode Standard Annex 9).
pub(crate) fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl<const MAX: usize> TryFrom<Value> for Text<MAX> {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}
impl<const MAX: usize> TryFrom<Value> for Prose<MAX> {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}
impl<const MAX: usize> TryFrom<&str> for Text<MAX> {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<const MAX: usize> TryFrom<&str> for Prose<MAX> {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<const MAX: usize> FromStr for Prose<MAX> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
impl<const MAX: usize> Deref for Prose<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<const MAX: usize> fmt::Display for Prose<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str) -> Result<String, Invalid> {
        Text::<5>::parse(text).map(|text| text.to_string())
    }

    fn lines(text: &str) -> Result<String, Invalid> {
        Prose::<5>::parse(text).map(|text| text.to_string())
    }

    #[test]
    fn text_is_trimmed_and_counted_in_characters() {
        assert_eq!(line("  ab c \n"), Ok("ab c".to_owned()));
        assert_eq!(line("äöüß€"), Ok("äöüß€".to_owned()));
        assert_eq!(line("abcdef"), Err(Invalid::Length { min: 1, max: 5, was: 6 }));
        assert_eq!(line(" \t "), Err(Invalid::Length { min: 1, max: 5, was: 0 }));
    }

    #[test]
    fn control_characters_are_refused_and_only_prose_has_line_breaks() {
        for text in ["a\0b", "a\u{1b}b", "a\u{85}b", "a\rb"] {
            assert_eq!(line(text), Err(Invalid::ControlCharacter), "{text:?}");
            assert_eq!(lines(text), Err(Invalid::ControlCharacter), "{text:?}");
        }
        for text in ["a\nb", "a\tb", "a\r\nb", "a\u{2028}b"] {
            assert_eq!(line(text), Err(Invalid::ControlCharacter), "{text:?}");
            assert!(lines(text).is_ok(), "{text:?}");
        }
        assert_eq!(lines("a\r\nb"), Ok("a\nb".to_owned()));
    }

    #[test]
    fn characters_that_turn_the_direction_of_writing_are_refused() {
        for turn in ['\u{202A}', '\u{202E}', '\u{2066}', '\u{2069}'] {
            assert_eq!(line(&format!("a{turn}b")), Err(Invalid::DirectionOverride));
            assert_eq!(lines(&format!("a{turn}b")), Err(Invalid::DirectionOverride));
        }
        assert!(line("שלום").is_ok());
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_not_what_was_sent() {
        let long = serde_json::from_str::<Text<5>>("\"secret\"").unwrap_err().to_string();
        assert!(long.starts_with("must be 1 to 5 characters, was 6"), "{long}");
        let number = serde_json::from_str::<Text<5>>("4711").unwrap_err().to_string();
        assert!(number.starts_with("must be text") && !number.contains("4711"), "{number}");
    }

    proptest! {
        #[test]
        fn what_parses_comes_back_from_json_unchanged(text in "\\PC{0,8}") {
            if let Ok(text) = Text::<8>::parse(&text) {
                let json = serde_json::to_string(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<Text<8>>(&json).unwrap(), text);
            }
        }

        #[test]
        fn prose_comes_back_from_json_unchanged(text in "(\\PC|\r\n|\n|\t|\r| ){0,12}") {
            if let Ok(text) = Prose::<12>::parse(&text) {
                let json = serde_json::to_string(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<Prose<12>>(&json).unwrap(), text);
            }
        }
    }
}
