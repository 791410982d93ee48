//! Fields that a tenant adds to what it sells and to whom.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::invalid::string;
use crate::{Change, Invalid, Text};

/// The key of a custom field: `[a-z][a-z0-9_]{0,39}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct FieldKey(String);

/// The value of a custom field: in JSON a boolean, a number or a string.
///
/// A number has at most 15 significant digits and at most 15 decimal places: what every JSON reader, Postgres and
/// spreadsheets give back unrounded. Longer ones (account numbers, say) belong into text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum CustomValue {
    /// Yes or no.
    Flag(bool),
    /// A number without trailing zeros.
    Number(CustomNumber),
    /// One line of text.
    Text(Text<1000>),
}

/// A number short enough to survive JSON; see [`CustomValue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomNumber(Decimal);

/// All custom fields of one thing, at most [`CustomFields::MAX`]; an object in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<FieldKey, CustomValue>")]
pub struct CustomFields(BTreeMap<FieldKey, CustomValue>);

/// Wishes for custom fields: a value sets its field, `None` removes it, others stay.
pub type CustomPatch = BTreeMap<FieldKey, Option<CustomValue>>;

/// What became of custom fields; `None` is no such field.
pub type CustomChanges = BTreeMap<FieldKey, Change<Option<CustomValue>>>;

/// More custom fields than [`CustomFields::MAX`] would result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {} custom fields would result", CustomFields::MAX)]
pub struct TooManyFields;

impl FieldKey {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`Invalid::NotAFieldKey`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let usual = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if usual && starts_well && text.len() <= 40 {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::NotAFieldKey)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CustomNumber {
    /// Significant digits, and decimal places, at most.
    pub const MAX_DIGITS: u32 = 15;

    /// Checks `number` and drops trailing zeros of its fraction.
    ///
    /// # Errors
    /// [`Invalid::TooManyDigits`].
    pub fn new(number: Decimal) -> Result<Self, Invalid> {
        let number = number.normalize();
        let short = number.mantissa().unsigned_abs() < 10_u128.pow(Self::MAX_DIGITS);
        if short && number.scale() <= Self::MAX_DIGITS {
            Ok(Self(number))
        } else {
            Err(Invalid::TooManyDigits)
        }
    }

    /// The number.
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl CustomFields {
    /// Most fields.
    pub const MAX: usize = 64;

    /// Checks that there are not too many `fields`.
    ///
    /// # Errors
    /// [`Invalid::TooManyFields`].
    pub fn new(fields: BTreeMap<FieldKey, CustomValue>) -> Result<Self, Invalid> {
        let was = fields.len();
        if was > Self::MAX { Err(Invalid::TooManyFields { max: Self::MAX, was }) } else { Ok(Self(fields)) }
    }

    /// The value of a field.
    pub fn get(&self, key: &FieldKey) -> Option<&CustomValue> {
        self.0.get(key)
    }

    /// All fields, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldKey, &CustomValue)> {
        self.0.iter()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes that `patch` asks for; a wish for what is there already is none.
    ///
    /// # Errors
    /// [`TooManyFields`].
    pub fn changes(&self, patch: CustomPatch) -> Result<CustomChanges, TooManyFields> {
        let changes: CustomChanges = patch
            .into_iter()
            .filter_map(|(key, to)| {
                let from = self.0.get(&key).cloned();
                (from != to).then_some((key, Change { from, to }))
            })
            .collect();
        let mut after = self.clone();
        after.apply(&changes);
        if after.len() > Self::MAX { Err(TooManyFields) } else { Ok(changes) }
    }

    /// Carries out `changes`.
    pub fn apply(&mut self, changes: &CustomChanges) {
        for (key, change) in changes {
            match &change.to {
                Some(value) => self.0.insert(key.clone(), value.clone()),
                None => self.0.remove(key),
            };
        }
    }
}

impl TryFrom<BTreeMap<FieldKey, CustomValue>> for CustomFields {
    type Error = Invalid;

    fn try_from(fields: BTreeMap<FieldKey, CustomValue>) -> Result<Self, Invalid> {
        Self::new(fields)
    }
}
impl TryFrom<Value> for CustomValue {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Bool(flag) => Ok(Self::Flag(flag)),
            Value::Number(number) => CustomNumber::try_from(&number).map(Self::Number),
            Value::String(text) => Text::parse(&text).map(Self::Text),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(Invalid::NotACustomValue),
        }
    }
}
impl TryFrom<&serde_json::Number> for CustomNumber {
    type Error = Invalid;

    /// Reads the number's text, the shortest one that means this number: `0.1` stays 0.1.
    fn try_from(number: &serde_json::Number) -> Result<Self, Invalid> {
        let text = number.to_string();
        let decimal = if text.contains(['e', 'E']) {
            Decimal::from_scientific(&text)
        } else {
            Decimal::from_str_exact(&text)
        };
        decimal.map_err(|_| Invalid::TooManyDigits).and_then(Self::new)
    }
}
impl Serialize for CustomNumber {
    /// A JSON number; exact, since no two decimals of 15 digits share a float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.scale() == 0 {
            i64::try_from(self.0.mantissa()).map_err(serde::ser::Error::custom)?.serialize(serializer)
        } else {
            let float: f64 = self.0.to_string().parse().map_err(serde::ser::Error::custom)?;
            serializer.serialize_f64(float)
        }
    }
}
impl Serialize for CustomValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => flag.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
        }
    }
}
impl TryFrom<Value> for FieldKey {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(&string(value)?)
    }
}
impl TryFrom<&str> for FieldKey {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl FromStr for FieldKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
