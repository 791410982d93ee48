//! How long read models have been behind at least, by a clock that nobody sets.
//!
//! The age of an event is the difference of two times of PostgreSQL, and says nothing after its clock was put back: new
//! events then bear the time of the one before them, which is still to come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::standing::Log;

/// How long an end of the log is remembered, once there is a later one: longer than it takes to be late.
const REMEMBERED: Duration = Duration::from_secs(120);

/// Where the log ended, and since when.
#[derive(Default)]
pub struct Heads(VecDeque<(Instant, i64)>);

impl Heads {
    /// Remembers where the log ends, and corrects how far behind its read models are.
    pub fn look_at(&mut self, log: &mut Log, now: Instant) {
        // The log was put back: what was known is of another history.
        if self.0.back().is_some_and(|(_, last)| log.head < *last) {
            self.0.clear();
        }
        if self.0.back().is_none_or(|(_, last)| log.head > *last) {
            self.0.push_back((now, log.head));
        }
        while self.0.len() > 1 && self.0.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED) {
            self.0.pop_front();
        }
        for view in &mut log.views {
            let since = self.0.iter().find(|(_, head)| view.position < *head);
            let behind = since.map_or(0.0, |(at, _)| now.duration_since(*at).as_secs_f64());
            view.behind_seconds = view.behind_seconds.max(behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::View;

    const SECOND: Duration = Duration::from_secs(1);

    /// A log that ends at `head`, as a database tells it whose clock was put back by a day.
    fn log(head: i64, position: i64) -> Log {
        let view = View { name: "leads".to_owned(), position, behind_seconds: -86_400.0, parked: 0 };
        Log { head, views: vec![view], ..Log::default() }
    }

    fn behind(heads: &mut Heads, head: i64, position: i64, now: Instant) -> f64 {
        let mut log = log(head, position);
        heads.look_at(&mut log, now);
        log.views[0].behind_seconds
    }

    #[test]
    fn a_read_model_is_late_whatever_the_clock_of_the_database_shows() {
        let (start, mut heads) = (Instant::now(), Heads::default());
        assert_eq!(behind(&mut heads, 7, 7, start), 0.0);
        assert_eq!(behind(&mut heads, 9, 7, start + 2 * SECOND), 0.0);
        assert_eq!(behind(&mut heads, 9, 7, start + 40 * SECOND), 38.0);
        assert_eq!(behind(&mut heads, 12, 9, start + 42 * SECOND), 0.0);
        assert_eq!(behind(&mut heads, 12, 12, start + 44 * SECOND), 0.0);
    }

    #[test]
    fn what_stands_still_for_long_stays_late_while_the_log_grows() {
        let (start, mut heads) = (Instant::now(), Heads::default());
        for second in 0..1_000 {
            let late = behind(&mut heads, 10 + i64::from(second), 7, start + second * SECOND);
            assert!(late >= f64::from(second.min(119)), "{late} s after {second} s");
        }
        assert!(heads.0.len() <= 122);
    }

    #[test]
    fn a_log_that_was_put_back_is_begun_anew() {
        let (start, mut heads) = (Instant::now(), Heads::default());
        behind(&mut heads, 9, 9, start);
        assert_eq!(behind(&mut heads, 5, 4, start + 60 * SECOND), 0.0);
        assert_eq!(behind(&mut heads, 5, 4, start + 63 * SECOND), 3.0);
    }

    #[test]
    fn a_greater_age_is_believed() {
        let mut log = log(9, 7);
        log.views[0].behind_seconds = 50.0;
        Heads::default().look_at(&mut log, Instant::now());
        assert_eq!(log.views[0].behind_seconds, 50.0);
    }
}
