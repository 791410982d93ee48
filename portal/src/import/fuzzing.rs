//! What must hold of an import, whatever the map and the files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, Utc};
use cqrs_es::Aggregate as _;
use domain::command::FIRST_YEAR;
use domain::sales::pipeline::default_pipeline_id;
use domain::{Command, ImportId, TenantId};
use uuid::Uuid;

use super::becomes::Becomes;
use super::deals::Deals;
use super::file::unborn_default;
use super::leads::Leads;
use super::plan::{FileArgs, Plan};
use super::prepare::{Preparation, Prepared, Rejected};
use super::rejects::Layout;
use super::table::Table;

/// What somebody may hand over. The map finds `joined` under every name but that of the rows.
pub struct Files<'a> {
    /// The map.
    pub map: &'a [u8],
    /// The file of rows.
    pub rows: &'a [u8],
    /// The file that the map may join.
    pub joined: &'a [u8],
}

const MAP: &str = "map.toml";
const ROWS: &str = "rows.csv";

/// Prepares the rows as opportunities, and tells how many of them could become one.
///
/// # Panics
/// If a row is neither accepted nor rejected, or both; if lines do not follow each other; if an event would not come
/// back from the log as it is, or is dated where none may be; if rejected rows cannot be read from their file.
pub fn import_opportunities(files: &Files<'_>) -> usize {
    let tenant = TenantId::from_uuid(Uuid::from_u128(7));
    let pipeline = unborn_default(tenant, now()).expect("the default pipeline can be made");
    let deals = Deals { id: default_pipeline_id(tenant), pipeline };
    files.become_all(&deals)
}

/// Prepares the rows as leads, and tells how many of them could become one.
///
/// # Panics
/// As [`import_opportunities`] does.
pub fn import_leads(files: &Files<'_>) -> usize {
    files.become_all(&Leads)
}

/// A moment at which all rows are prepared: noon of 2026-03-30.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_774_872_000, 0).expect("a moment")
}

impl Files<'_> {
    fn open(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = if path == Path::new(MAP) {
            self.map
        } else if path == Path::new(ROWS) {
            self.rows
        } else {
            self.joined
        };
        Ok(file.to_vec())
    }

    fn become_all<B: Becomes>(&self, subject: &B) -> usize {
        let args = FileArgs { file: PathBuf::from(ROWS), map: PathBuf::from(MAP), join_dir: None };
        let Ok(plan) = Plan::read(&args, B::FIELDS, &|path| self.open(path)) else { return 0 };
        let import = ImportId::from_uuid(Uuid::from_u128(11));
        let Ok(mut preparation) = Preparation::new(subject, &plan, import, now()) else { return 0 };
        let (mut line, mut ids, mut rejected) = (1, HashSet::new(), Vec::new());
        for raw in plan.table.rows() {
            let raw = raw.expect("what is in memory can be read");
            assert!(raw.line > line, "line {} comes after line {line}", raw.line);
            line = raw.line;
            match preparation.prepare(raw) {
                Ok(row) => {
                    assert!(ids.insert(row.id), "two rows become one thing");
                    events_come_back(subject, row);
                }
                Err(row) => rejected.push(row),
            }
        }
        let lines = 1 + self.rows.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
        assert!(line <= lines as u64, "line {line} of {lines}");
        assert_eq!(u32::try_from(ids.len() + rejected.len()), Ok(plan.rows));
        rejects_come_back(&plan.table, &rejected);
        ids.len()
    }
}

/// Whatever a row leads to is read from the log as it was written.
fn events_come_back<B: Becomes>(subject: &B, row: Prepared<B::Command>) {
    let mut state = B::Aggregate::default();
    assert!(!row.steps.is_empty(), "a row that says nothing was accepted");
    for (step, count) in row.steps {
        let occurred_at = step.at.unwrap_or(now());
        assert!((FIRST_YEAR..=now().year()).contains(&occurred_at.year()), "{occurred_at}");
        let command = Command { occurred_at, now: now(), action: subject.action(&step.command) };
        let events = command_api::decide::Decide::decide(&state, command).expect("it was rehearsed");
        assert_eq!(events.len(), count);
        for event in events {
            let json = serde_json::to_string(&event).expect("an event can be written");
            let read = serde_json::from_str(&json).expect("what was written can be read");
            assert_eq!(event, read);
            state.apply(event);
        }
    }
}

/// The file of rejected rows has each of them, with its line, its reason, and all of its cells if they were not too many.
fn rejects_come_back(table: &Table, rejected: &[Rejected]) {
    let layout = Layout::of(table);
    let mut file = layout.writer(Vec::new());
    file.write_byte_record(&layout.headings()).expect("memory can be written");
    for row in rejected {
        assert!(!row.reason.is_empty());
        file.write_byte_record(&layout.row(row)).expect("memory can be written");
    }
    let file = file.into_inner().expect("memory can be written");
    let delimiter = Some(char::from(table.delimiter));
    let again = Table::read(Path::new("rejects.csv"), delimiter, &|_| Ok(file.clone()));
    let again = again.expect("the file of rejected rows can be read");
    let mut rows = again.rows();
    for row in rejected {
        let read = rows.next().expect("a row for each that was rejected").expect("a readable row").cells;
        assert_eq!(read, layout.row(row));
    }
    assert!(rows.next().is_none(), "a row that was not rejected");
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEALS: Files<'static> = Files {
        map: include_bytes!("../../../docs/examples/deals.toml"),
        rows: include_bytes!("../../../docs/examples/deals.csv"),
        joined: include_bytes!("../../../docs/examples/teams.csv"),
    };

    #[test]
    fn the_example_becomes_three_deals() {
        assert_eq!(import_opportunities(&DEALS), 3);
    }

    #[test]
    fn leads_hold_too() {
        let (map, rows) = (b"[fields]\nname = { column = \"n\" }\n", b"n\nAda\n\"\"\n");
        assert_eq!(import_leads(&Files { map, rows, joined: b"" }), 1);
    }

    #[test]
    fn rows_that_are_rejected_come_back() {
        let rows = b"id,agent,product,account,stage,engaged,closed,value\r\nD-1\n\"a\nb\",1,2,3,4,5,6,7,8,9";
        assert_eq!(import_opportunities(&Files { rows, ..DEALS }), 0);
    }
}
