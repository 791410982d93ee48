//! Personal data, marked as such in its type.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Personal data. Looks like `T` in JSON, prints as `Personal(…)`, so that no log shows it by accident.
///
/// The mark is also what a later sealing of personal data under a key per person holds on to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks `value` as personal data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for those who really need to see it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Takes the mark off.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_shows_in_json_but_not_in_debug_output() {
        let name = Personal::new("Ada".to_owned());
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Ada\"");
        assert_eq!(serde_json::from_str::<Personal<String>>("\"Ada\"").unwrap(), name);
        assert_eq!(format!("{name:?} {:#?}", Some(&name)), "Personal(…) Some(\n    Personal(…),\n)");
    }
}
