//! Personal data, marked as such in its type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name by which serde knows personal data. The log seals what goes by this name; everywhere else it looks like `T`.
const NAME: &str = "Personal";

/// Personal data. Looks like `T` in JSON, prints as `Personal(…)`, so that no log shows it by accident.
///
/// In events it is sealed under a key per person. Once that key is destroyed, the value is *erased*: null in JSON. Only the log
/// gives out such values; bodies of requests that have null in place of a value are refused before they are read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personal<T>(Option<T>);

impl<T> Personal<T> {
    /// Marks `value` as personal data.
    pub const fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// What is left of personal data after its key was destroyed.
    pub const fn erased() -> Self {
        Self(None)
    }

    /// The value, for those who really need to see it; none once it is erased.
    pub const fn reveal(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Itself, or `word` in place of an erased value.
    #[must_use]
    pub fn or_else(self, word: impl FnOnce() -> Option<T>) -> Self {
        Self(self.0.or_else(word))
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NAME, &self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As a newtype, so that a field which is missing is not taken for one that is erased.
        deserializer.deserialize_newtype_struct(NAME, Newtype(PhantomData))
    }
}

struct Newtype<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Newtype<T> {
    type Value = Personal<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("personal data")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Personal<T>, D::Error> {
        Option::deserialize(deserializer).map(Personal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Someone {
        name: Personal<String>,
        email: Option<Personal<String>>,
    }

    #[test]
    fn personal_data_shows_in_json_but_not_in_debug_output() {
        let name = Personal::new("Ada".to_owned());
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ada\"");
        assert_eq!(serde_json::from_str::<Personal<String>>("\"Ada\"").unwrap(), name);
        assert_eq!(format!("{name:?} {:#?}", Some(&name)), "Personal(…) Some(\n    Personal(…),\n)");
    }

    #[test]
    fn what_was_erased_is_null_and_what_is_missing_is_an_error() {
        let erased: Someone = serde_json::from_str(r#"{"name": null, "email": null}"#).unwrap();
        assert_eq!(erased, Someone { name: Personal::erased(), email: None });
        assert_eq!(serde_json::to_string(&erased.name).unwrap(), "null");
        let error = serde_json::from_str::<Someone>("{}").unwrap_err();
        assert!(error.to_string().starts_with("missing field `name`"), "{error}");
    }

    #[test]
    fn a_word_may_stand_for_what_was_erased() {
        let word = || Some("erased".to_owned());
        assert_eq!(Personal::erased().or_else(word), Personal::new("erased".to_owned()));
        assert_eq!(Personal::new("Ada".to_owned()).or_else(word), Personal::new("Ada".to_owned()));
    }
}
