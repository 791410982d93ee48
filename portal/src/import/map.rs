//! The map: a TOML file that tells which columns of a file become which fields.

mod known;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

pub use known::{Field, Shape, nearest};

/// A map as its author wrote it; column names are not looked up yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Name or id of the pipeline that deals go into; the tenant's default pipeline if none.
    pub pipeline: Option<String>,
    /// Cells that stand for nothing, in every column. An empty cell always does.
    #[serde(default)]
    pub empty: Vec<String>,
    /// How the file is written.
    #[serde(default)]
    pub source: Source,
    /// Further files, whose columns become available as `<name>.<column>`.
    #[serde(default, rename = "join")]
    pub joins: Vec<Join>,
    /// Corrected spellings of cells, by column, before anything else looks at them.
    #[serde(default)]
    pub corrections: BTreeMap<String, BTreeMap<String, String>>,
    /// What the fields are made of, by field.
    pub fields: BTreeMap<String, Spec>,
    /// What the fields of the tenant's own are made of, by key.
    #[serde(default)]
    pub custom: BTreeMap<String, Spec>,
}

/// How a file is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What is between cells; a comma if none.
    pub delimiter: Option<char>,
    /// The columns that identify a row; the number of its line does if there are none.
    #[serde(default)]
    pub key: Names,
}

/// A further file that knows more about each row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// What its columns' names begin with; the file's name without its ending if none.
    pub name: Option<String>,
    /// The file, relative to the map or to `--join-dir`.
    pub file: String,
    /// What is between its cells; a comma if none.
    pub delimiter: Option<char>,
    /// The column of the main file, or of a file joined before, that refers to a row of this one.
    pub on: String,
    /// The column of this file that is referred to.
    pub key: String,
    /// Whether a row that refers to nothing is rejected.
    #[serde(default)]
    pub required: bool,
}

/// What one field is made of: exactly one of `column`, `value` and `template`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an entry such as { column = \"a column\" }")]
pub struct Spec {
    /// A column, or several of which the first that is not empty counts.
    #[serde(default)]
    pub column: Names,
    /// The same for every row.
    pub value: Option<Scalar>,
    /// Text with columns in braces, or several of which the first without an empty column counts.
    #[serde(default)]
    pub template: Names,
    /// What cells mean; those that are not named stay as they are.
    #[serde(default)]
    pub values: BTreeMap<String, Scalar>,
    /// Further cells that stand for nothing in this field.
    #[serde(default)]
    pub empty: Vec<String>,
    /// What to take when there is nothing.
    pub default: Option<Scalar>,
    /// Whether a row with nothing here is rejected.
    #[serde(default)]
    pub required: bool,
    /// How days and times are written, in the notation of strftime; several are tried in order.
    #[serde(default)]
    pub format: Names,
    /// The currency of an amount.
    pub currency: Option<CurrencySpec>,
    /// The decimal mark of numbers; the other marks are then taken for separators of thousands.
    pub decimal: Option<char>,
    /// What a custom field holds; text if none.
    #[serde(rename = "type")]
    pub holds: Option<Holds>,
}

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// One line of text.
    Text,
    /// A number.
    Number,
    /// Yes or no: true or false, yes or no, y or n, 1 or 0, in any case.
    Flag,
}

/// The currency of an amount: a code for all rows, or made of columns.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a currency code, or an entry such as { column = \"a column\" }")]
pub enum CurrencySpec {
    /// An ISO 4217 code.
    Code(String),
    /// Whatever a column says.
    From(Box<Spec>),
}

/// A value as TOML has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "text, a number, true or false")]
pub enum Scalar {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Number(f64),
    /// Text.
    Text(String),
}

/// One name, or several.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Names(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "text, or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        match names {
            OneOrMany::One(name) => Self(vec![name]),
            OneOrMany::Many(names) => Self(names),
        }
    }
}

impl Scalar {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Join {
    /// What the names of its columns begin with.
    pub fn name(&self) -> String {
        let stem = || Path::new(&self.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.name.clone().or_else(stem).unwrap_or_default()
    }
}

impl Map {
    /// Reads a map for things that have these `fields`.
    ///
    /// # Errors
    /// All keys that are not known, each with the nearest ones that are; or the first thing that does not fit.
    pub fn parse(text: &str, fields: &[Field]) -> anyhow::Result<Self> {
        let table: toml::Table = text.parse().context("it is no TOML")?;
        let unknown = known::unknown(&table, fields);
        if !unknown.is_empty() {
            bail!("{}", listed(&unknown));
        }
        Ok(toml::from_str(text)?)
    }
}

/// Mistakes below each other, unless there is only one.
pub fn listed(mistakes: &[String]) -> String {
    match mistakes {
        [only] => only.clone(),
        several => several.iter().map(|mistake| format!("\n  {mistake}")).collect(),
    }
}

#[cfg(test)]
mod tests;
