//! What a process knows of a checkpoint without asking: what it last saw in the database, and what was announced since.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

/// How long a look at the checkpoints counts. Within it, an announcement ends what was seen; without one, as while NATS
/// is away, a state that is over may be taken for the present one for this long and no longer.
pub const LEASE: Duration = Duration::from_millis(100);

/// Names one state of the rows of a read model. No commit that may change a row leaves it as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Stamp {
    /// The last event folded.
    pub position: i64,
    /// How often rows were changed otherwise: by a rebuild, or by letting a tenant go on.
    pub revision: i64,
    /// When the position was reached: after a restore the same position may be that of another history.
    pub moved_at: Option<DateTime<Utc>>,
}

/// What is known of a state that was read some time ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the present one, as far as [`LEASE`] lets it be known.
    Current,
    /// It is over.
    Over,
    /// Nobody has looked for too long.
    Unknown,
}

/// Makes what was kept of a read model's rows void, in the transaction that changes rows without moving the checkpoint.
/// The transaction holds the lock of the checkpoint already.
pub(crate) async fn revise(connection: &mut PgConnection, view: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update read_model.checkpoint set revision = revision + 1 where view = $1")
        .bind(view)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is known of one read model.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    announced: Option<(i64, Instant)>,
    seen: Option<Seen>,
}

/// A stamp, and the time in which the snapshot was taken that showed it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stamp: Stamp,
    began: Instant,
    ended: Instant,
}

impl Progress {
    /// The furthest position known.
    pub(crate) fn position(&self) -> i64 {
        let announced = self.announced.map_or(0, |(position, _)| position);
        announced.max(self.seen.map_or(0, |seen| seen.stamp.position))
    }

    /// The furthest state known, to be compared with another one of the same history.
    pub(crate) fn reached(&self) -> (i64, i64) {
        let seen = self.seen.map_or((0, 0), |seen| seen.stamp.order());
        seen.max((self.position(), 0))
    }

    /// Takes an announcement that came in `now`.
    pub(crate) fn hear(&mut self, position: i64, now: Instant) {
        if self.announced.is_none_or(|(known, _)| known <= position) {
            self.announced = Some((position, now));
        }
        self.seen = self.seen.filter(|seen| seen.stamp.position >= position);
    }

    /// Takes what a snapshot showed that was taken between two moments.
    pub(crate) fn see(&mut self, stamp: Stamp, began: Instant, ended: Instant) {
        if let Some((position, heard)) = self.announced.filter(|(position, _)| stamp.position < *position) {
            if began <= heard {
                return;
            }
            // What was announced was committed before, and yet it is not there: the database was put back.
            tracing::warn!(position, stamp.position, "a read model is behind what was announced");
            self.announced = None;
        }
        let new = Seen { stamp, began, ended };
        self.seen = Some(match self.seen {
            Some(known) if ended < known.began => known,
            Some(known) if began <= known.ended => known.or(new),
            Some(_) | None => new,
        });
    }

    /// What is known of a state.
    pub(crate) fn verdict(&self, stamp: Stamp, now: Instant) -> Verdict {
        if self.announced.is_some_and(|(position, _)| stamp.position < position) {
            return Verdict::Over;
        }
        match self.seen.filter(|seen| now.duration_since(seen.began) < LEASE) {
            Some(seen) if seen.stamp == stamp => Verdict::Current,
            Some(_) => Verdict::Over,
            None => Verdict::Unknown,
        }
    }
}

impl Seen {
    /// Of two that were seen at the same time, so that nobody can tell which is the later one: the one further on.
    fn or(self, new: Self) -> Self {
        if self.stamp == new.stamp {
            Self { began: self.began.max(new.began), ended: self.ended.max(new.ended), ..self }
        } else if new.stamp.order() > self.stamp.order() {
            new
        } else {
            self
        }
    }
}

impl Stamp {
    /// What tells the earlier from the later of two states of one history.
    pub fn order(self) -> (i64, i64) {
        (self.position, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    fn stamp(position: i64) -> Stamp {
        Stamp { position, ..Stamp::default() }
    }

    fn seen(position: i64, began: Instant) -> Progress {
        let mut progress = Progress::default();
        progress.see(stamp(position), began, began + MOMENT);
        progress
    }

    #[test]
    fn what_was_seen_counts_for_the_lease_and_no_longer() {
        let start = Instant::now();
        let progress = seen(5, start);
        assert_eq!(progress.verdict(stamp(5), start + MOMENT), Verdict::Current);
        assert_eq!(progress.verdict(stamp(4), start + MOMENT), Verdict::Over);
        assert_eq!(progress.verdict(stamp(5), start + LEASE), Verdict::Unknown);
        assert_eq!(Progress::default().verdict(stamp(0), start), Verdict::Unknown);
    }

    #[test]
    fn a_state_of_the_same_position_is_over_once_rows_were_changed_otherwise() {
        let start = Instant::now();
        let mut progress = seen(5, start);
        let rebuilt = Stamp { revision: 1, ..stamp(5) };
        progress.see(rebuilt, start + 2 * MOMENT, start + 3 * MOMENT);
        assert_eq!(progress.verdict(stamp(5), start + 3 * MOMENT), Verdict::Over);
        assert_eq!(progress.verdict(rebuilt, start + 3 * MOMENT), Verdict::Current);
    }

    #[test]
    fn an_announcement_ends_what_was_seen_at_once() {
        let start = Instant::now();
        let mut progress = seen(5, start);
        progress.hear(6, start + MOMENT);
        assert_eq!(progress.verdict(stamp(5), start + MOMENT), Verdict::Over);
        assert_eq!(progress.position(), 6);
        // A snapshot from before it says nothing about the present.
        progress.see(stamp(5), start, start + 2 * MOMENT);
        assert_eq!(progress.verdict(stamp(5), start + 2 * MOMENT), Verdict::Over);
        assert_eq!(progress.verdict(stamp(6), start + 2 * MOMENT), Verdict::Unknown);
    }

    #[test]
    fn of_two_looks_at_the_same_time_the_further_one_counts() {
        let start = Instant::now();
        let mut progress = seen(5, start + MOMENT);
        progress.see(stamp(4), start, start + 2 * MOMENT);
        assert_eq!(progress.verdict(stamp(5), start + 2 * MOMENT), Verdict::Current);
        progress.see(stamp(6), start, start + 2 * MOMENT);
        assert_eq!(progress.verdict(stamp(6), start + 2 * MOMENT), Verdict::Current);
        // One that was over before the known one began is of the past.
        progress.see(stamp(9), start - 2 * MOMENT, start - MOMENT);
        assert_eq!(progress.verdict(stamp(6), start + 2 * MOMENT), Verdict::Current);
    }

    #[test]
    fn a_database_that_was_put_back_is_believed() {
        let start = Instant::now();
        let mut progress = seen(5, start);
        progress.hear(9, start + MOMENT);
        progress.see(stamp(3), start + 2 * MOMENT, start + 3 * MOMENT);
        assert_eq!(progress.verdict(stamp(3), start + 3 * MOMENT), Verdict::Current);
        assert_eq!(progress.verdict(stamp(9), start + 3 * MOMENT), Verdict::Over);
        assert_eq!(progress.position(), 3);
    }

    /// The log grew again to where it was, with other events.
    #[test]
    fn the_same_position_of_another_history_is_another_state() {
        let start = Instant::now();
        let before = Stamp { moved_at: Some(DateTime::UNIX_EPOCH), ..stamp(5) };
        let mut progress = Progress::default();
        progress.see(Stamp { moved_at: Some(DateTime::UNIX_EPOCH + MOMENT), ..stamp(5) }, start, start);
        assert_eq!(progress.verdict(before, start), Verdict::Over);
    }
}
