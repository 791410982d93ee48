//! The outcome of a run: a table for people, JSON for machines.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::judge::Verdict;

/// What one drill came to.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// The drill.
    pub drill: String,
    /// The planted bug that it ran against, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planted: Option<String>,
    /// Why it was not run, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Whether everything was up before the first fault.
    pub began: bool,
    /// Faults in the order in which they were injected.
    pub faults: Vec<String>,
    /// Faults that cannot be injected here, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Commands that were acknowledged.
    pub acknowledged: u64,
    /// Requests that got no answer, or 503: asked again.
    pub asked_again: u64,
    /// Acknowledged commands that are gone.
    pub lost: u64,
    /// Commands or events that are there more than once.
    pub duplicated: u64,
    /// Events that are out of their place.
    pub reordered: u64,
    /// Milliseconds from the end of each fault until everything worked again.
    pub recovery_ms: Vec<u64>,
    /// Promises that were broken.
    pub broken: Vec<String>,
    /// Seconds that the drill took.
    pub seconds: f64,
}

impl Outcome {
    /// Takes over what the judge found.
    pub fn take(&mut self, verdict: Verdict) {
        self.acknowledged = verdict.acknowledged;
        self.lost = verdict.lost;
        self.duplicated = verdict.duplicated;
        self.reordered = verdict.reordered;
        self.broken.extend(verdict.broken);
    }

    /// Whether every promise was kept.
    pub fn kept(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.reordered == 0 && self.broken.is_empty()
    }

    /// How it ended, in a line.
    pub fn line(&self) -> String {
        let name = match &self.planted {
            Some(bug) => format!("{} against {bug}", self.drill),
            None => self.drill.clone(),
        };
        match (&self.skipped, &self.planted, self.kept()) {
            (Some(reason), ..) => format!("{name} was skipped: {reason}"),
            (None, None, true) => format!("{name} kept its promises"),
            (None, None, false) => format!("{name} BROKE its promises"),
            (None, Some(_), true) => format!("{name} did NOT notice"),
            (None, Some(_), false) if !self.began => format!("{name} did NOT begin"),
            (None, Some(_), false) => format!("{name}: caught"),
        }
    }

    /// Whether the planted bug that it ran against was noticed by what it did.
    pub fn caught(&self) -> bool {
        self.skipped.is_none() && self.began && !self.kept()
    }

    /// The median and the worst time to recover.
    fn recovery(&self) -> Option<(Duration, Duration)> {
        let mut all = self.recovery_ms.clone();
        all.sort_unstable();
        let (median, worst) = (*all.get(all.len() / 2)?, *all.last()?);
        Some((Duration::from_millis(median), Duration::from_millis(worst)))
    }
}

/// Everything about a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Repeats the schedules.
    pub seed: u64,
    /// `short` or `long`.
    pub form: &'static str,
    /// What was under test, and on what.
    pub versions: Vec<String>,
    /// The drills.
    pub drills: Vec<Outcome>,
    /// The drills that had to fail.
    pub planted: Vec<Outcome>,
}

impl Report {
    /// Whether every drill kept its promises, and every planted bug was caught.
    pub fn good(&self) -> bool {
        self.drills.iter().all(Outcome::kept) && self.planted.iter().all(Outcome::caught)
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        Ok(std::fs::write(file, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut text = self.versions.join("; ") + "\n";
        text += &format!("seed {}, {} form\n\n", self.seed, self.form);
        text += &format!(
            "{:<32} {:>6} {:>8} {:>6} {:>5} {:>5} {:>6}  {:>8} {:>8} {:>6}\n",
            "drill", "faults", "acknowl.", "again", "lost", "dupl.", "reord.", "median", "worst", "took"
        );
        for outcome in &self.drills {
            text += &row(&outcome.drill, outcome);
            text += &match (&outcome.skipped, outcome.kept()) {
                (Some(reason), _) => format!("  skipped: {reason}\n"),
                (None, true) => "  kept\n".to_owned(),
                (None, false) => "  BROKEN\n".to_owned(),
            };
        }
        for outcome in &self.planted {
            let bug = outcome.planted.as_deref().unwrap_or_default();
            text += &row(&format!("! {bug}"), outcome);
            let caught = if outcome.caught() { "caught" } else { "NOT caught" };
            text += &format!("  {caught} by {}\n", outcome.drill);
        }
        for outcome in &self.drills {
            for left_out in &outcome.left_out {
                text += &format!("\n{} left out: {left_out}\n", outcome.drill);
            }
        }
        for outcome in self.drills.iter().filter(|outcome| !outcome.kept()) {
            text += &format!("\n{} broke its promises:\n", outcome.drill);
            for broken in outcome.broken.iter().take(12) {
                text += &format!("  - {broken}\n");
            }
        }
        text
    }
}

fn row(name: &str, outcome: &Outcome) -> String {
    let time =
        |time: Option<Duration>| time.map_or("-".to_owned(), |time| format!("{:.2} s", time.as_secs_f64()));
    let recovery = outcome.recovery();
    format!(
        "{name:<32} {:>6} {:>8} {:>6} {:>5} {:>5} {:>6}  {:>8} {:>8} {:>4.0} s",
        outcome.faults.len(),
        outcome.acknowledged,
        outcome.asked_again,
        outcome.lost,
        outcome.duplicated,
        outcome.reordered,
        time(recovery.map(|(median, _)| median)),
        time(recovery.map(|(_, worst)| worst)),
        outcome.seconds,
    )
}
