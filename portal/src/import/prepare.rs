//! From a row as it stands in the file to commands that no rule refuses, or to the reason why not.

use std::collections::HashMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use csv::{ByteRecord, StringRecord};
use domain::ImportId;
use uuid::Uuid;

use super::becomes::{Becomes, Step, rehearse};
use super::cells::Cells;
use super::columns::Row;
use super::map::listed;
use super::plan::Plan;
use super::table::RawRow;
use super::written;

/// Prepares one row after the other.
pub struct Preparation<'a, B> {
    subject: &'a B,
    plan: &'a Plan,
    import: ImportId,
    now: DateTime<Utc>,
    /// The line of each row so far, by the id of what it becomes.
    lines: HashMap<Uuid, u64>,
}

/// The commands of a row, in order, each with the number of its events.
pub type Steps<C> = Vec<(Step<C>, usize)>;

/// A row whose commands may be given.
pub struct Prepared<C> {
    /// Where it stands.
    pub raw: RawRow,
    /// The id of what it becomes: UUID version 5 of the row's key in the name space of the import's id.
    pub id: Uuid,
    /// Its commands.
    pub steps: Steps<C>,
}

/// A row that is left out.
#[derive(Debug)]
pub struct Rejected {
    /// The line that it begins at.
    pub line: u64,
    /// Its cells.
    pub cells: ByteRecord,
    /// Why, without any of its values.
    pub reason: String,
}

impl<'a, B: Becomes> Preparation<'a, B> {
    /// Prepares the rows of `plan` for `import`, at the time `now`.
    ///
    /// # Errors
    /// Values of the map itself that can never go.
    pub fn new(subject: &'a B, plan: &'a Plan, import: ImportId, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut mistakes = Vec::new();
        for (name, entry) in &plan.fields {
            for constant in entry.constants() {
                if let Err(message) = subject.check(name, entry, &constant.text()) {
                    mistakes.push(format!("fields.{name}: {:?} {message}", constant.text()));
                }
            }
        }
        for (key, entry) in &plan.custom {
            for constant in entry.constants() {
                if let Err(message) = written::custom(constant, entry) {
                    mistakes.push(format!("custom.{key}: {:?} {message}", constant.text()));
                }
            }
        }
        if !mistakes.is_empty() {
            bail!("values of the map: {}", listed(&mistakes));
        }
        Ok(Self { subject, plan, import, now, lines: HashMap::new() })
    }

    /// The commands of a row, or why it is left out.
    pub fn prepare(&mut self, raw: RawRow) -> Result<Prepared<B::Command>, Rejected> {
        match self.steps(&raw) {
            Ok((id, steps)) => Ok(Prepared { raw, id, steps }),
            Err(reason) => Err(Rejected { line: raw.line, cells: raw.cells, reason }),
        }
    }

    fn steps(&mut self, raw: &RawRow) -> Result<(Uuid, Steps<B::Command>), String> {
        let (has, wants) = (raw.cells.len(), self.plan.table.headings.len());
        if has != wants {
            return Err(format!("has {has} cells, but there are {wants} headings"));
        }
        let main = StringRecord::from_byte_record(raw.cells.clone()).map_err(|_| "is no UTF-8")?;
        let (row, faults) = self.plan.columns.row(&main);
        let id = self.identify(&row, raw.line)?;
        let mut cells = Cells::new(self.plan, row, faults);
        let steps = self.subject.steps(&mut cells);
        let faults = cells.faults();
        let steps = steps.filter(|_| faults.is_none());
        let steps = steps.ok_or_else(|| faults.unwrap_or_else(|| "says nothing".to_owned()))?;
        let events = rehearse(self.subject, &steps, self.now)?;
        Ok((id, steps.into_iter().zip(events).collect()))
    }

    fn identify(&mut self, row: &Row<'_>, line: u64) -> Result<Uuid, String> {
        let key = match &self.plan.key[..] {
            [] => format!("line.{line}"),
            columns => {
                let cells: Vec<&str> = columns.iter().map(|column| row.cell(*column)).collect();
                if cells.iter().all(|cell| cell.is_empty()) {
                    return Err("source.key: is empty".to_owned());
                }
                // The unit separator stands in no cell that a person typed.
                format!("key.{}", cells.join("\u{1f}"))
            }
        };
        let id = Uuid::new_v5(&self.import.as_uuid(), key.as_bytes());
        match self.lines.insert(id, line) {
            None => Ok(id),
            Some(first) => {
                self.lines.insert(id, first);
                Err(format!("source.key: is that of line {first}"))
            }
        }
    }
}
