//! What came of the rows, for the summary at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::send::Taken;

/// Reasons that the summary names; the file of rejected rows has them all.
const REASONS: usize = 10;
/// Lines that the summary names for each reason.
const LINES: usize = 5;

/// Counts of an import, real or tried.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows that became something.
    pub accepted: u32,
    /// Rows that were left out.
    pub rejected: u32,
    commands: BTreeMap<&'static str, u64>,
    events: u64,
    /// Of `events`, those that an interrupted run had appended.
    events_before: u64,
    reasons: BTreeMap<String, Vec<u64>>,
}

impl Tally {
    /// Counts a row that became `commands`.
    pub fn accept(&mut self, commands: Vec<Taken>) {
        self.accepted += 1;
        for Taken { name, events, before } in commands {
            let events = u64::try_from(events).unwrap_or(u64::MAX);
            *self.commands.entry(name).or_default() += 1;
            self.events += events;
            self.events_before += if before { events } else { 0 };
        }
    }

    /// Counts a row that was left out.
    pub fn reject(&mut self, line: u64, reason: &str) {
        self.rejected += 1;
        self.reasons.entry(reason.to_owned()).or_default().push(line);
    }

    /// The lines about rows, commands, events and time.
    pub fn summary(&self, took: Duration) -> String {
        let commands: u64 = self.commands.values().sum();
        let kinds: Vec<String> =
            self.commands.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let before = match self.events_before {
            0 => String::new(),
            before => format!(", {before} of them before an interruption"),
        };
        format!(
            "  rows      {}\n  accepted  {}\n  rejected  {}\n  commands  {commands}{}\n  events    {}{before}\n  \
             seconds   {:.2}",
            u64::from(self.accepted) + u64::from(self.rejected),
            self.accepted,
            self.rejected,
            if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) },
            self.events,
            took.as_secs_f64(),
        )
    }
}

/// The reasons for rejections, the commonest first.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: Vec<(&String, &Vec<u64>)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.len()));
        for (reason, lines) in reasons.iter().take(REASONS) {
            let first: Vec<String> = lines.iter().take(LINES).map(u64::to_string).collect();
            let more = if lines.len() > LINES { ", …" } else { "" };
            let (rows, word) = (lines.len(), if lines.len() == 1 { "row" } else { "rows" });
            writeln!(f, "  {rows} {word}: {reason} (line {}{more})", first.join(", "))?;
        }
        match reasons.len().checked_sub(REASONS) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(f, "  and {more} further reasons"),
        }
    }
}
