//! Which keys a map may have, and what somebody meant who wrote another one.

use toml::{Table, Value};

/// A field that rows can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in `[fields]`.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether there is nothing to import without it.
    pub needed: bool,
}

impl Field {
    /// A field that may be left out.
    pub const fn of(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, needed: false }
    }

    /// A field that every row must fill.
    pub const fn needed(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, needed: true }
    }
}

/// What a field holds, as far as the keys of its entry depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text, or something that is written like it.
    Text,
    /// A day or a time.
    Time,
    /// Money.
    Amount,
    /// Whatever a custom field may hold.
    Custom,
}

const MAP: &[&str] = &["pipeline", "empty", "source", "join", "corrections", "fields", "custom"];
const SOURCE: &[&str] = &["delimiter", "key"];
const JOIN: &[&str] = &["name", "file", "delimiter", "on", "key", "required"];
const TEXT: &[&str] = &["column", "value", "template", "values", "empty", "default", "required"];

impl Shape {
    fn keys(self) -> Vec<&'static str> {
        let further: &[&str] = match self {
            Self::Text => &[],
            Self::Time => &["format"],
            Self::Amount => &["currency", "decimal"],
            Self::Custom => &["type", "format", "decimal"],
        };
        [TEXT, further].concat()
    }
}

/// Every key that is not known, as `fields.nmae: is no field; did you mean name?`.
pub fn unknown(map: &Table, fields: &[Field]) -> Vec<String> {
    let mut found = Vec::new();
    check(map, "", MAP, &mut found);
    if let Some(Value::Table(source)) = map.get("source") {
        check(source, "source.", SOURCE, &mut found);
    }
    if let Some(Value::Array(joins)) = map.get("join") {
        for (number, join) in joins.iter().enumerate() {
            if let Value::Table(join) = join {
                check(join, &format!("join {}: ", number + 1), JOIN, &mut found);
            }
        }
    }
    if let Some(Value::Table(entries)) = map.get("fields") {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        check(entries, "fields.", &names, &mut found);
        for Field { name, shape, .. } in fields {
            check_entry(entries.get(*name), &format!("fields.{name}."), *shape, &mut found);
        }
    }
    if let Some(Value::Table(entries)) = map.get("custom") {
        for (name, entry) in entries {
            check_entry(Some(entry), &format!("custom.{name}."), Shape::Custom, &mut found);
        }
    }
    found
}

fn check_entry(entry: Option<&Value>, place: &str, shape: Shape, found: &mut Vec<String>) {
    let Some(Value::Table(entry)) = entry else { return };
    check(entry, place, &shape.keys(), found);
    if shape == Shape::Amount {
        check_entry(entry.get("currency"), &format!("{place}currency."), Shape::Text, found);
    }
}

fn check(table: &Table, place: &str, known: &[&str], found: &mut Vec<String>) {
    for key in table.keys() {
        if !known.contains(&key.as_str()) {
            found.push(format!("{place}{key} is not known here{}", hint(key, known)));
        }
    }
}

/// "; did you mean …?" with the known names nearest to `name`; all of them if none is near.
fn hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()).as_slice() {
        [] => format!("; known are {}", known.join(", ")),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

/// Up to three of the `known` names that `name` may have been meant to be, the nearest first.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const NEAR: f64 = 0.75;
    let name = name.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.truncate(3);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}
