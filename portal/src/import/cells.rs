//! The fields of one row.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use domain::{CustomFields, Money, Text};

use super::columns::Row;
use super::entry::Entry;
use super::plan::Plan;
use super::written;

/// The fields of one row, and what is wrong with them.
pub struct Cells<'a> {
    plan: &'a Plan,
    row: Row<'a>,
    faults: Vec<String>,
}

impl<'a> Cells<'a> {
    /// The fields of `row`, of which `faults` are known already.
    pub fn new(plan: &'a Plan, row: Row<'a>, faults: Vec<String>) -> Self {
        Self { plan, row, faults }
    }

    /// What is wrong, as one sentence; nothing if nothing is.
    pub fn faults(self) -> Option<String> {
        (!self.faults.is_empty()).then(|| self.faults.join("; "))
    }

    /// Notes what is wrong with a field. The message goes on after its name and never repeats its value.
    pub fn fault(&mut self, field: &str, message: impl Display) {
        self.faults.push(format!("{field}: {message}"));
    }

    /// A field, read by `parse`; nothing if it is empty, not mapped, or wrong.
    pub fn read<T, E: Display>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str, &Entry, &Row<'_>) -> Result<T, E>,
    ) -> Option<T> {
        let entry = self.plan.fields.get(field)?;
        let parsed = match entry.value(&self.row) {
            Some(value) => parse(&value.text(), entry, &self.row).map_err(|error| error.to_string()),
            None if entry.required => Err("is empty".to_owned()),
            None => return None,
        };
        parsed.map_err(|message| self.fault(field, message)).ok()
    }

    /// A field that is one line of text.
    pub fn text<const MAX: usize>(&mut self, field: &str) -> Option<Text<MAX>> {
        self.read(field, |text, _, _| Text::parse(text))
    }

    /// A field that is a time.
    pub fn time(&mut self, field: &str) -> Option<DateTime<Utc>> {
        self.read(field, |text, entry, _| written::time(text, &entry.formats))
    }

    /// A field that is an amount.
    pub fn money(&mut self, field: &str) -> Option<Money> {
        self.read(field, written::money)
    }

    /// The custom fields.
    pub fn custom(&mut self) -> CustomFields {
        let mut fields = BTreeMap::new();
        for (key, entry) in &self.plan.custom {
            match entry.value(&self.row).map(|value| written::custom(&value, entry)) {
                Some(Ok(value)) => drop(fields.insert(key.clone(), value)),
                Some(Err(message)) => self.faults.push(format!("custom.{key}: {message}")),
                None if entry.required => self.faults.push(format!("custom.{key}: is empty")),
                None => {}
            }
        }
        CustomFields::new(fields).unwrap_or_else(|invalid| {
            self.faults.push(format!("custom: {invalid}"));
            CustomFields::default()
        })
    }
}
