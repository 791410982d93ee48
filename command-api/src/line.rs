//! Where commands on one aggregate line up once they have got in each other's way.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Lines of a process. Aggregates that share one by chance only wait for each other, and only where others clash.
const LINES: u128 = 1024;

/// The lines of a process. The optimistic lock alone would be right too, but of many writers of one aggregate each
/// round lets one through and makes all the others decide again: their work grows with the square of their number.
#[derive(Clone)]
pub(crate) struct Lines(Arc<[Mutex<()>]>);

impl Lines {
    /// All lines, empty.
    pub fn new() -> Self {
        Self((0..LINES).map(|_| Mutex::new(())).collect())
    }

    /// Waits until all who were there before are done.
    pub async fn turn(&self, id: Uuid) -> Option<MutexGuard<'_, ()>> {
        match self.line(id) {
            Some(line) => Some(line.lock().await),
            None => None,
        }
    }

    /// Whether somebody has, or waits for, a turn.
    pub fn is_busy(&self, id: Uuid) -> bool {
        self.line(id).is_some_and(|line| line.try_lock().is_err())
    }

    fn line(&self, id: Uuid) -> Option<&Mutex<()>> {
        // The last bits of every version of UUID in use here are random.
        usize::try_from(id.as_u128() % LINES).ok().and_then(|number| self.0.get(number))
    }
}
