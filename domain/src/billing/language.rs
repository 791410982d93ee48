//! In which language somebody is written to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;
use crate::invalid::string;

/// A language of ISO 639-1, or one as it is written in a country, such as `de` or `de-CH`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Language(String);

impl Language {
    /// Parses `de` or `de-CH`.
    ///
    /// # Errors
    /// [`Invalid::NotALanguage`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let two = |part: &str, is: fn(&u8) -> bool| part.len() == 2 && part.as_bytes().iter().all(is);
        let is_known = match text.split_once('-') {
            Some((language, country)) => {
                two(language, u8::is_ascii_lowercase) && two(country, u8::is_ascii_uppercase)
            }
            None => two(text, u8::is_ascii_lowercase),
        };
        if is_known { Ok(Self(text.to_owned())) } else { Err(Invalid::NotALanguage) }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Value> for Language {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        string(value).map_err(|_| Invalid::NotALanguage).and_then(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_may_name_a_country() {
        for good in ["de", "de-CH", "en-GB"] {
            assert_eq!(Language::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "DE", "deu", "de_CH", "de-ch", "de-", "d", "dé"] {
            assert_eq!(Language::parse(bad), Err(Invalid::NotALanguage), "{bad}");
        }
    }
}
