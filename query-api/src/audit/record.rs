//! Exports in the trail: before they begin, and how they end.

use std::time::Duration;

use edge::trail::{Entry, Kind};
use edge::{Asker, EdgeState as _, Problem, Trail};
use serde_json::{Value, json};

use crate::app::QueryApi;

/// An export that the trail knows of. Dropped before it is finished, it counts as broken off.
#[derive(Debug)]
pub(crate) struct ExportRecord {
    trail: Trail,
    begun: Entry,
    rows: u64,
    is_finished: bool,
}

impl QueryApi {
    /// Records that somebody takes data out, before they do: what, in which format, and by which filters, by their names only.
    ///
    /// # Errors
    /// 503 if it could not be recorded: then there is no export.
    pub(crate) async fn begin_export(
        &self,
        asker: &Asker,
        what: &'static str,
        format: &'static str,
        filters: &[&'static str],
    ) -> Result<ExportRecord, Problem> {
        let trail = self.trail().cloned().ok_or_else(unrecorded)?;
        let detail = json!({"what": what, "format": format, "filters": filters});
        let begun = asker.entry(Kind::Export).ok_or_else(unrecorded)?.with_code("begun").with_detail(detail);
        trail.before(begun.clone()).await?;
        Ok(ExportRecord { trail, begun, rows: 0, is_finished: false })
    }
}

fn unrecorded() -> Problem {
    Problem::unavailable(Duration::from_secs(60), "Nothing is exported here: it could not be recorded.")
}

impl ExportRecord {
    /// So many more rows are on their way.
    pub(crate) fn add(&mut self, rows: usize) {
        self.rows += u64::try_from(rows).unwrap_or(u64::MAX);
    }

    /// There are no more.
    pub(crate) fn finish(&mut self) {
        if !self.is_finished {
            self.is_finished = true;
            self.tell("finished");
        }
    }

    fn tell(&self, code: &'static str) {
        let mut detail = self.begun.detail.clone().unwrap_or_default();
        detail["rows"] = Value::from(self.rows);
        self.trail.soon(self.begun.again().with_code(code).with_detail(detail));
    }
}

impl Drop for ExportRecord {
    fn drop(&mut self) {
        if !self.is_finished {
            self.tell("broken_off");
        }
    }
}
