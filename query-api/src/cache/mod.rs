//! Answers as they were sent, kept for as long as the rows behind them are the present ones.
//!
//! An answer is found again only by the same tenant, the same roles and the same question. It counts while the stamps of
//! its read models are current, see [`projections::Positions`], so it is never older than what a read without it might
//! have shown some milliseconds before; and while the time of day that it depends on lasts.
//!
//! Two ways of asking for one thing are two questions: links repeat a question as it was put.

mod flight;
mod kept;
mod key;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

pub(crate) use flight::{Flights, Turn};
pub(crate) use kept::{Kept, Made};
pub(crate) use key::Key;

/// Bytes that all answers together may take.
const CAPACITY: u64 = 32 * 1024 * 1024;
/// Bytes of the largest answer that is kept.
const LARGEST: usize = 1024 * 1024;
/// What an entry takes beside its key and body, roughly.
const OVERHEAD: usize = 512;
/// How long an answer is kept at most: what was erased from the rows shall not linger here.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);

/// The answers of a process.
#[derive(Clone)]
pub(crate) struct AnswerCache {
    kept: Cache<Key, Arc<Kept>>,
    /// Those that are being made.
    pub(crate) flights: Flights,
}

impl AnswerCache {
    pub(crate) fn new() -> Self {
        let weigh = |key: &Key, kept: &Arc<Kept>| {
            u32::try_from(key.size() + kept.size() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(CAPACITY).weigher(weigh).time_to_live(TIME_TO_LIVE).build();
        Self { kept, flights: Flights::default() }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Kept>> {
        self.kept.get(key)
    }

    pub(crate) fn keep(&self, key: Key, kept: Arc<Kept>) {
        if kept.size() <= LARGEST {
            self.kept.insert(key, kept);
        }
    }

    pub(crate) fn forget(&self, key: &Key) {
        self.kept.invalidate(key);
    }
}
