//! The report: lines on the terminal, a page for people, JSON for programs.

mod figure;

use serde::Serialize;

use crate::machine::Machine;
use crate::options::RunOptions;
use crate::outcome::{Bar, Row};
use figure::figure;

/// Everything that a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub rounds: u32,
    pub full: bool,
    pub quick: bool,
    pub rows: Vec<Row>,
}

impl Report {
    pub fn new(options: &RunOptions, machine: Machine, rows: Vec<Row>) -> Self {
        Self { machine, rounds: options.rounds, full: options.full, quick: options.quick, rows }
    }

    /// The page.
    pub fn markdown(&self) -> String {
        let form = if self.full { "`make bench BENCH=--full`" } else { "`make bench`" };
        include_str!("page.md")
            .replace("{{machine}}", &self.machine.to_string())
            .replace("{{form}}", form)
            .replace("{{rounds}}", &self.rounds.to_string())
            .replace("{{table}}", table(&self.rows).trim_end())
            .replace("{{notes}}", notes(&self.rows).trim_end())
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| measure | ours | reference | ratio (lowest to highest round) | must reach | |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let reached = if row.is_reached() { "reached" } else { "**missed**" };
        let cells = [row.title.clone(), ours(row), reference(row), ratio(row), bars(row), reached.to_owned()];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn notes(rows: &[Row]) -> String {
    let noted = rows.iter().filter(|row| !row.note.is_empty());
    noted.map(|row| format!("- **{}**: {}\n", row.title, row.note)).collect()
}

/// A row on the terminal.
pub fn line(row: &Row) -> String {
    let reached = if row.is_reached() { "reached" } else { "MISSED" };
    let mut text = format!("{}: {}", row.title, ours(row));
    if row.reference.is_some() {
        text.push_str(&format!("; {}; ratio {}", reference(row), ratio(row)));
    }
    text.push_str(&format!("; must reach {}: {reached}", bars(row)));
    text
}

fn ours(row: &Row) -> String {
    format!("{} {}", figure(row.value()), row.unit)
}

fn reference(row: &Row) -> String {
    row.reference.as_ref().map_or_else(String::new, |reference| {
        format!("{}: {}", reference.title, figure(crate::statistics::median(&reference.values)))
    })
}

/// In the form of the bar: as a factor, or in percent.
fn ratio(row: &Row) -> String {
    let Some(ratio) = row.ratio() else { return String::new() };
    let all = row.ratios();
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if row.bars.iter().any(|bar| matches!(bar, Bar::Times(_) | Bar::AtMostTimes(_))) {
        format!("{}× ({}–{})", figure(ratio), figure(least), figure(most))
    } else {
        format!("{:.0} % ({:.0}–{:.0})", ratio * 100.0, least * 100.0, most * 100.0)
    }
}

fn bars(row: &Row) -> String {
    let text = |bar: &Bar| match *bar {
        Bar::Times(times) => format!("≥ {}×", figure(times)),
        Bar::Percent(percent) => format!("≥ {percent} %"),
        Bar::AtLeast(least) => format!("≥ {} {}", figure(least), row.unit),
        Bar::AtMostTimes(times) => format!("≤ {}×", figure(times)),
        Bar::AtMost(most) => format!("≤ {} {}", figure(most), row.unit),
    };
    row.bars.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Pair;

    fn pair() -> Pair {
        Pair { ours: vec![30_000.0, 33_000.0, 36_000.0], reference: vec![3_000.0, 3_300.0, 4_000.0] }
    }

    #[test]
    fn the_table_shows_medians_ratios_bars_and_whether_they_were_reached() {
        let rows = [
            Row::compared("append", "commands/s", "stock", pair(), Bar::Times(8.0)),
            Row::compared("relay", "events/s", "raw", pair(), Bar::Percent(1_001.0)),
            Row::alone("start", "s", vec![0.25, 0.5, 4.0], Bar::AtMost(3.0)),
        ];
        let table = table(&rows);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines[0],
            "| append | 33,000 commands/s | stock: 3,300 | 10.0× (9.0–10.0) | ≥ 8.0× | reached |"
        );
        assert_eq!(
            lines[1],
            "| relay | 33,000 events/s | raw: 3,300 | 1000 % (900–1000) | ≥ 1001 % | **missed** |"
        );
        assert_eq!(lines[2], "| start | 0.50 s |  |  | ≤ 3.0 s | reached |");
    }

    #[test]
    fn every_line_of_the_table_has_the_same_cells() {
        let rows = [Row::alone("start", "s", vec![], Bar::AtMost(3.0))];
        let table = table(&rows);
        assert!(table.lines().all(|line| line.matches('|').count() == 7), "{table}");
    }

    #[test]
    fn only_rows_with_something_to_say_are_noted() {
        let quiet = Row::alone("start", "s", vec![1.0], Bar::AtMost(3.0));
        let loud = quiet.clone().noting("from a cold cache");
        assert_eq!(notes(&[quiet, loud]), "- **start**: from a cold cache\n");
    }

    #[test]
    fn the_page_has_a_place_for_everything() {
        for place in ["{{machine}}", "{{form}}", "{{rounds}}", "{{table}}", "{{notes}}"] {
            assert!(include_str!("page.md").contains(place), "{place}");
        }
    }
}
