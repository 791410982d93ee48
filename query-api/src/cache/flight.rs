//! One question that many ask at once is read once: the first to ask leads, the others follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::{Kept, Key};

type Landed = Option<Arc<Kept>>;
type Board = Arc<Mutex<HashMap<Key, Follow>>>;

/// The answers that are being made.
#[derive(Clone, Default)]
pub(crate) struct Flights(Board);

/// Whose turn it is to read.
pub(crate) enum Turn {
    /// The caller's.
    Lead(Lead),
    /// Somebody else reads already.
    Follow(Follow),
}

/// The duty to make an answer. Dropping it sends the followers to read for themselves.
pub(crate) struct Lead {
    board: Board,
    key: Key,
    landed: watch::Sender<Landed>,
}

/// An answer that somebody else is making.
#[derive(Clone)]
pub(crate) struct Follow {
    /// When it was begun: its snapshot is not older.
    pub(crate) began: Instant,
    landed: watch::Receiver<Landed>,
}

impl Flights {
    pub(crate) fn turn(&self, key: &Key) -> Turn {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = board.get(key) {
            return Turn::Follow(flight.clone());
        }
        let (sender, landed) = watch::channel(None);
        board.insert(key.clone(), Follow { began: Instant::now(), landed });
        Turn::Lead(Lead { board: Arc::clone(&self.0), key: key.clone(), landed: sender })
    }
}

impl Lead {
    /// Gives the followers their answer.
    pub(crate) fn land(self, kept: Arc<Kept>) {
        self.landed.send_replace(Some(kept));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Follow {
    /// The answer, once it is there; none if there will be none.
    pub(crate) async fn landed(mut self) -> Landed {
        self.landed.wait_for(Option::is_some).await.ok().and_then(|landed| landed.clone())
    }
}
