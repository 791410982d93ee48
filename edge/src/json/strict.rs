//! JSON as a tree, read more strictly than serde_json does: no key twice, no NUL, not too many values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::MAX_ERRORS;
use super::field_path::{FieldPath, Here};
use crate::Problem;

/// Most values of a body, nested ones included. A value takes up to 100 times as much memory as it does text.
pub(super) const MAX_VALUES: usize = 50_000;

/// A body, and what is bad about it whatever it is about.
#[derive(Debug)]
pub(super) struct Parsed {
    pub value: Value,
    pub values: usize,
    pub bad: Vec<Bad>,
}

/// Something bad in a body, found without serde.
#[derive(Debug)]
pub(super) struct Bad {
    pub path: FieldPath,
    pub code: &'static str,
    pub message: &'static str,
}

impl Bad {
    pub fn new(path: FieldPath, code: &'static str, message: &'static str) -> Self {
        Self { path, code, message }
    }

    pub fn missing(path: FieldPath) -> Self {
        Self::new(path, "required", "must be given")
    }
}

/// Parses a body.
///
/// # Errors
/// The 400 problem with line and column; the 413 problem for too many values.
pub(super) fn parse(body: &[u8]) -> Result<Parsed, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::unreadable("The body is empty."));
    }
    let mut walk = Walk::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = Node { walk: &mut walk, here: &Here::Root }
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value));
    match value {
        Ok(value) => Ok(Parsed { value, values: walk.values, bad: walk.bad }),
        Err(_) if walk.values > MAX_VALUES => {
            Err(Problem::too_large(format!("The body may have at most {MAX_VALUES} values.")))
        }
        Err(error) => Err(Problem::unreadable(format!("The body is not JSON: {error}."))),
    }
}

#[derive(Default)]
struct Walk {
    values: usize,
    bad: Vec<Bad>,
}

impl Walk {
    fn bad(&mut self, here: &Here<'_>, code: &'static str, message: &'static str) {
        if self.bad.len() < MAX_ERRORS {
            self.bad.push(Bad::new(here.path(), code, message));
        }
    }

    fn check(&mut self, here: &Here<'_>, text: &str) {
        if text.contains('\0') {
            self.bad(here, "invalid", "must not contain the character U+0000");
        }
    }
}

/// A value, and where it is.
struct Node<'a> {
    walk: &'a mut Walk,
    here: &'a Here<'a>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.walk.values += 1;
        if self.walk.values > MAX_VALUES {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.walk.check(self.here, text);
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Self { walk, here } = self;
        let mut array = Vec::new();
        while let Some(element) =
            seq.next_element_seed(Node { walk: &mut *walk, here: &Here::Index(here, array.len()) })?
        {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Self { walk, here } = self;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let here = Here::Key(here, &key);
            walk.check(&here, &key);
            let is_known = object.contains_key(&key);
            if is_known {
                walk.bad(&here, "duplicate", "must be sent once");
            }
            let value = map.next_value_seed(Node { walk: &mut *walk, here: &here })?;
            if !is_known {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object))
    }
}
