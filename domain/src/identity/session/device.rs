//! What a session runs on, in the client's own words.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;
use crate::text::overrides_direction;

/// What a client says it is, in its header `User-Agent`: one line of 1 to [`Device::MAX`] characters.
///
/// It only helps people to tell their sessions apart, so nobody fails to sign in for it: what [`crate::Text`] refuses
/// is left out here, what is too long is cut, and a client that says nothing is `unknown`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Device(String);

impl Device {
    /// Most characters.
    pub const MAX: usize = 200;

    /// The device of a client that says `told`, which may be empty.
    pub fn of(told: &str) -> Self {
        let line: String = told.chars().filter(|c| !deceives(*c)).collect();
        let cut: String = line.trim().chars().take(Self::MAX).collect();
        let text = cut.trim_end();
        Self(if text.is_empty() { "unknown" } else { text }.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that break databases or lines, or turn the direction of writing.
fn deceives(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || overrides_direction(c)
}

impl TryFrom<Value> for Device {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map(|text| Self::of(&text))
    }
}
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Text;

    fn told(text: &str) -> String {
        Device::of(text).to_string()
    }

    #[test]
    fn a_device_is_what_the_client_says_without_white_space_around_it() {
        assert_eq!(told("  Firefox/140.0 (Linux) "), "Firefox/140.0 (Linux)");
    }

    #[test]
    fn a_client_that_says_nothing_is_unknown() {
        assert_eq!(told(""), "unknown");
        assert_eq!(told(" \t\0 "), "unknown");
    }

    #[test]
    fn characters_that_break_or_deceive_are_left_out() {
        assert_eq!(told("a\0b\nc\u{1b}d\u{85}e\u{2028}f\u{202e}g"), "abcdefg");
    }

    #[test]
    fn what_is_too_long_is_cut_in_characters() {
        assert_eq!(told(&"ä".repeat(201)), "ä".repeat(200));
        assert_eq!(told(&format!("{} b", "a".repeat(199))), "a".repeat(199));
    }

    #[test]
    fn a_device_is_text_in_json() {
        let device = Device::of("Firefox");
        assert_eq!(serde_json::to_value(&device).unwrap(), "Firefox");
        let error = serde_json::from_str::<Device>("17").unwrap_err();
        assert!(error.to_string().starts_with("must be text"), "{error}");
    }

    proptest! {
        #[test]
        fn a_device_is_valid_text_and_comes_back_as_it_was_stored(told in ".{0,300}|[ \\t\u{202a}a]{0,300}") {
            let device = Device::of(&told);
            let text = Text::<{ Device::MAX }>::parse(device.as_str()).unwrap();
            prop_assert_eq!(text.as_str(), device.as_str());
            let json = serde_json::to_string(&device).unwrap();
            prop_assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), device);
        }
    }
}
