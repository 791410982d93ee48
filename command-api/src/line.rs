//! Where commands on one aggregate line up once they have got in each other's way, or know beforehand that they would.

use std::mem;
use std::sync::Arc;

use cqrs_es::Aggregate;
use event_store::{AppendError, Appended, Change, EventStore, Guard, Joint, Loaded, Place};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tracing::Instrument as _;
use uuid::Uuid;

/// Lines of a process. Aggregates that share one by chance only wait for each other, and only where others clash.
const LINES: u128 = 1024;
/// Commands of a company at most.
const COMPANY: usize = 128;

/// The lines of a process. The optimistic lock alone would be right too, but of many writers of one aggregate each
/// round lets one through and makes all the others decide again: their work grows with the square of their number.
#[derive(Clone)]
pub(crate) struct Lines(Arc<[Arc<Mutex<Company>>]>);

/// Who had their turn since the last append of a line, each of whom decided on what the one before left: they wait for one append
/// together.
#[derive(Default)]
struct Company {
    joint: Joint,
    members: Vec<Member>,
}

struct Member {
    place: Place,
    told: oneshot::Sender<Result<Appended, Parting>>,
}

/// Why what a member of a company decided is not in the log. Nothing of the others is, either.
pub(crate) enum Parting {
    /// Of all of them for this reason.
    Failed(AppendError),
    /// The log refuses one of them, and nobody knows which: each has to come alone.
    Apart,
}

/// The turn of whoever waited in a line, until it is dropped.
pub(crate) struct Turn {
    company: OwnedMutexGuard<Company>,
    line: Arc<Mutex<Company>>,
}

impl Lines {
    /// All lines, empty.
    pub fn new() -> Self {
        Self((0..LINES).map(|_| Arc::default()).collect())
    }

    /// Waits until all who were there before are done.
    pub async fn turn(&self, id: Uuid) -> Option<Turn> {
        let line = self.line(id)?.clone();
        let company = line.clone().lock_owned().await;
        Some(Turn { company, line })
    }

    /// Whether somebody has, or waits for, a turn.
    pub fn is_busy(&self, id: Uuid) -> bool {
        self.line(id).is_some_and(|line| line.try_lock().is_err())
    }

    fn line(&self, id: Uuid) -> Option<&Arc<Mutex<Company>>> {
        // The last bits of every version of UUID in use here are random.
        usize::try_from(id.as_u128() % LINES).ok().and_then(|number| self.0.get(number))
    }
}

impl Turn {
    /// What an aggregate becomes by those who wait for their append.
    pub fn pending<A>(&self, tenant: Uuid, id: Uuid) -> Option<Arc<Loaded<A>>>
    where
        A: Aggregate + 'static,
    {
        self.company.joint.state(tenant, id)
    }

    /// Ends the turn: the change goes into the next append of the line, with those of whoever is in the line by now.
    ///
    /// # Errors
    /// It cannot be in one append with theirs.
    pub fn join(
        mut self,
        store: &EventStore,
        change: Change,
    ) -> Result<oneshot::Receiver<Result<Appended, Parting>>, Self> {
        let is_first = self.company.joint.is_empty();
        let Ok(place) = self.company.joint.join(change) else { return Err(self) };
        let (told, waiting) = oneshot::channel();
        self.company.members.push(Member { place, told });
        let store = store.clone();
        // Tasks of their own: what joined is appended, whatever becomes of whoever asked for it.
        if self.company.members.len() >= COMPANY {
            tokio::spawn(async move { self.company.append(&store).await }.in_current_span());
        } else if is_first {
            // It comes after all who wait by now, and whoever comes later waits for it.
            let line = self.line;
            tokio::spawn(async move { line.lock_owned().await.append(&store).await }.in_current_span());
        }
        Ok(waiting)
    }

    /// Goes on once nobody waits for an append.
    pub async fn alone(self, store: &EventStore) -> Option<Self> {
        if self.company.joint.is_empty() {
            return Some(self);
        }
        let (store, mut turn) = (store.clone(), self);
        let append = async move {
            turn.company.append(&store).await;
            turn
        };
        tokio::spawn(append.in_current_span()).await.ok()
    }
}

impl Company {
    /// Appends what has joined, and tells each where it went.
    async fn append(&mut self, store: &EventStore) {
        let Some(change) = self.joint.take() else { return };
        let members = mem::take(&mut self.members);
        let Some(last) = members.last().map(|member| member.place) else { return };
        let appended = store.commit(change).await;
        let is_alone = members.len() == 1;
        for Member { place, told } in members {
            let result = match &appended {
                Ok(all) => Ok(place.of(*all, last)),
                Err(error) if is_alone || is_of_all(error) => Err(Parting::Failed(error.clone())),
                Err(_) => Err(Parting::Apart),
            };
            // Whoever went away needs no answer.
            let _gone = told.send(result);
        }
    }
}

/// Whether it keeps each command from being appended, or may do so: another process has moved what all of them move.
fn is_of_all(error: &AppendError) -> bool {
    match error {
        AppendError::Conflict
        | AppendError::GuardFailed(Guard::Unmoved { .. })
        | AppendError::Unavailable(_)
        | AppendError::Closed => true,
        AppendError::GuardFailed(Guard::Unclaimed { .. })
        | AppendError::ClaimTaken(_)
        | AppendError::Replayed(_)
        | AppendError::Rejected(_) => false,
    }
}
