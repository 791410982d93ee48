//! How often a known user sends what cannot be read, told by few lines however often that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use moka::sync::Cache;
use uuid::Uuid;

use crate::TenantId;
use crate::whose::Named;

/// Users that are counted at a time.
const CAPACITY: u64 = 10_000;
/// How long after the first each is counted.
const PERIOD: Duration = Duration::from_secs(60);

/// Whose requests are counted: a user, or those of a tenant who have no id.
type Who = (TenantId, Option<Uuid>);

/// Counts of users. Clones share them.
#[derive(Clone)]
pub(crate) struct Unreadable(Cache<Who, Arc<AtomicU64>>);

impl Default for Unreadable {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(PERIOD).build())
    }
}

impl Unreadable {
    /// The how manieth in a minute it is that a known user sends, if that is worth a line: the first, and each that is twice
    /// as many as the one before.
    pub(crate) fn count(&self, status: StatusCode, whose: Option<Named>) -> Option<u64> {
        let whose = whose.filter(|_| is_one(status))?;
        let counted = self.0.get_with((whose.tenant, whose.user), Arc::default);
        let count = counted.fetch_add(1, Ordering::Relaxed) + 1;
        count.is_power_of_two().then_some(count)
    }
}

/// Whether it is an answer to what no client of ours sends.
fn is_one(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(user: u128) -> Named {
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        Named { tenant, user: Some(Uuid::from_u128(user)), key: None }
    }

    #[test]
    fn however_often_somebody_sends_it_there_are_few_lines_and_they_tell_how_often() {
        let unreadable = Unreadable::default();
        let told = |user, times: usize| -> Vec<u64> {
            let count = || unreadable.count(StatusCode::BAD_REQUEST, Some(named(user)));
            std::iter::repeat_with(count).take(times).flatten().collect()
        };
        assert_eq!(told(1, 1_000), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
        assert_eq!(told(2, 3), [1, 2]);
        assert_eq!(unreadable.count(StatusCode::UNPROCESSABLE_ENTITY, Some(named(3))), None);
        assert_eq!(unreadable.count(StatusCode::BAD_REQUEST, None), None);
    }
}
