//! Days of documents, and of money that comes and goes.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Where days begin first, they do so this long before they do in UTC.
const EARLIEST_ZONE: TimeDelta = TimeDelta::hours(14);

/// Whether a day has begun somewhere: nothing is dated in one that has not.
pub fn has_begun(day: NaiveDate, now: DateTime<Utc>) -> bool {
    day <= (now + EARLIEST_ZONE).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, march};

    #[test]
    fn a_day_begins_fourteen_hours_before_it_does_in_utc() {
        assert!(has_begun(march(3), at(2, 10)));
        assert!(!has_begun(march(3), at(2, 9)));
    }
}
