//! The entry of one field, with its columns found, and what it makes of a row.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use chrono::format::{Item, StrftimeItems};
use domain::Currency;

use super::columns::{Column, Columns, Row};
use super::map::{CurrencySpec, Holds, Scalar, Shape, Spec};
use super::template::Template;

/// How one field is filled.
pub struct Entry {
    sources: Vec<Source>,
    values: BTreeMap<String, Scalar>,
    empty: BTreeSet<String>,
    default: Option<Scalar>,
    shape: Shape,
    /// Whether a row with nothing here is rejected.
    pub required: bool,
    /// How days and times are written; none if the usual way.
    pub formats: Vec<String>,
    /// Of what currency amounts are.
    pub currency: Option<CurrencySource>,
    /// The decimal mark, if numbers are written in another way than in programs.
    pub decimal: Option<char>,
    /// What a custom field holds.
    pub holds: Holds,
}

/// Where the currency of an amount comes from.
pub enum CurrencySource {
    /// The same for every row.
    Constant(Currency),
    /// What a row says.
    Entry(Box<Entry>),
}

enum Source {
    Column(Column),
    Constant(Scalar),
    Template(Template),
}

impl Entry {
    /// Finds the columns of `spec`. Cells in `empty` stand for nothing.
    ///
    /// # Errors
    /// A column that is not there; keys that contradict each other; a format or a currency that is none.
    pub fn bind(spec: &Spec, shape: Shape, columns: &Columns, empty: &[String]) -> anyhow::Result<Self> {
        let empty = empty.iter().chain(&spec.empty).cloned().chain([String::new()]).collect();
        let entry = Self {
            sources: sources(spec, columns)?,
            values: spec.values.clone(),
            empty,
            default: spec.default.clone(),
            shape,
            required: spec.required,
            formats: spec.format.0.clone(),
            currency: spec.currency.as_ref().map(|currency| bind_currency(currency, columns)).transpose()?,
            decimal: spec.decimal,
            holds: spec.holds.unwrap_or(Holds::Text),
        };
        if shape != Shape::Custom && entry.constants().any(|constant| *constant == Scalar::Flag(true)) {
            bail!("true is no value of this field");
        }
        if let Some(mark) = entry.decimal.filter(|mark| !matches!(mark, '.' | ',')) {
            bail!("the decimal mark must be \".\" or \",\", not {mark:?}");
        }
        let unknown = |format: &&String| StrftimeItems::new(format).any(|item| item == Item::Error);
        if let Some(format) = entry.formats.iter().find(unknown) {
            bail!("the format {format:?} is not in the notation of strftime");
        }
        Ok(entry)
    }

    /// What the field is in this row, if it is anything.
    pub fn value(&self, row: &Row<'_>) -> Option<Scalar> {
        let found = self.sources.iter().find_map(|source| self.one(source, row));
        found.or_else(|| self.default.clone().filter(|default| !self.is_nothing(default)))
    }

    fn one(&self, source: &Source, row: &Row<'_>) -> Option<Scalar> {
        let text = match source {
            Source::Constant(constant) => {
                return Some(constant.clone()).filter(|constant| !self.is_nothing(constant));
            }
            Source::Column(column) => row.cell(*column).to_owned(),
            Source::Template(template) => {
                template.fill(|column| Some(row.cell(column)).filter(|cell| !self.empty.contains(*cell)))?
            }
        };
        match self.values.get(&text) {
            Some(value) => Some(value.clone()).filter(|value| !self.is_nothing(value)),
            None => Some(text).filter(|text| !self.empty.contains(text)).map(Scalar::Text),
        }
    }

    /// False is a value of custom fields only.
    fn is_nothing(&self, value: &Scalar) -> bool {
        match value {
            Scalar::Text(text) => text.is_empty(),
            Scalar::Flag(flag) => !flag && self.shape != Shape::Custom,
            Scalar::Whole(_) | Scalar::Number(_) => false,
        }
    }

    /// The values that the map itself names, whatever the rows say.
    pub fn constants(&self) -> impl Iterator<Item = &Scalar> {
        let constants = self.sources.iter().filter_map(|source| match source {
            Source::Constant(constant) => Some(constant),
            Source::Column(_) | Source::Template(_) => None,
        });
        let named = constants.chain(self.values.values()).chain(&self.default);
        named.filter(|value| !self.is_nothing(value))
    }
}

fn sources(spec: &Spec, columns: &Columns) -> anyhow::Result<Vec<Source>> {
    let column = |name: &String| columns.find(name).map(Source::Column);
    let template = |text: &String| Template::parse(text, columns).map(Source::Template);
    match (&spec.column.0[..], &spec.value, &spec.template.0[..]) {
        (names @ [_, ..], None, []) => names.iter().map(column).collect(),
        ([], Some(constant), []) => Ok(vec![Source::Constant(constant.clone())]),
        ([], None, texts @ [_, ..]) => texts.iter().map(template).collect(),
        _ => bail!("needs one of `column`, `value` and `template`"),
    }
}

fn bind_currency(spec: &CurrencySpec, columns: &Columns) -> anyhow::Result<CurrencySource> {
    match spec {
        CurrencySpec::Code(code) => {
            let currency = Currency::parse(code).map_err(|invalid| anyhow::anyhow!("currency {invalid}"))?;
            Ok(CurrencySource::Constant(currency))
        }
        CurrencySpec::From(spec) => {
            let entry = Entry::bind(spec, Shape::Text, columns, &[]).context("currency")?;
            Ok(CurrencySource::Entry(Box::new(entry)))
        }
    }
}
