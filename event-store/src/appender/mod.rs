//! The one task of a process that writes to the log: it gathers waiting commands into batches.

mod admission;
mod batch;

use std::collections::VecDeque;
use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use crate::append::{Append, AppendError, Appended};
use admission::Admission;

/// Commands that go into one transaction at most.
const BATCH_COMMANDS: usize = 512;
/// Commands that may wait; further ones wait in their caller.
const QUEUE_COMMANDS: usize = 4_096;
/// While one batch is flushed, the next waits at the gate; a third would only queue there.
const BATCHES_IN_FLIGHT: usize = 2;

/// A command that waits for its answer.
pub(crate) struct Pending {
    pub(crate) append: Append,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
}

impl Pending {
    fn answer(self, result: Result<Appended, AppendError>) {
        // A caller that went away needs no answer.
        let _gone = self.answer.send(result);
    }
}

/// The sending side; clones share the one task, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct Appender {
    queue: mpsc::Sender<Pending>,
}

impl Appender {
    /// Starts the task. `appended` is notified after each commit that added events.
    pub(crate) fn start(pool: PgPool, appended: Arc<Notify>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_COMMANDS);
        tokio::spawn(run(pool, waiting, appended));
        Self { queue }
    }

    /// Appends all of it or nothing, and waits until it is durable.
    pub(crate) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Pending { append, answer }).await.map_err(|_| AppendError::Closed)?;
        answered.await.map_err(|_| AppendError::Closed)?
    }
}

async fn run(pool: PgPool, mut waiting: mpsc::Receiver<Pending>, appended: Arc<Notify>) {
    let in_flight = Arc::new(Semaphore::new(BATCHES_IN_FLIGHT));
    let mut postponed = VecDeque::new();
    loop {
        if postponed.is_empty() {
            match waiting.recv().await {
                Some(first) => postponed.push_back(first),
                None => return,
            }
        }
        // Waiting for a free slot before draining is what lets a batch gather while another commits.
        let Ok(slot) = in_flight.clone().acquire_owned().await else { return };
        let batch = gather(&mut postponed, &mut waiting);
        let (pool, appended) = (pool.clone(), appended.clone());
        tokio::spawn(async move {
            batch::commit(&pool, batch, &appended).await;
            drop(slot);
        });
    }
}

/// Takes what waits and does not clash within one batch; what clashes goes into the next one, in order.
fn gather(postponed: &mut VecDeque<Pending>, waiting: &mut mpsc::Receiver<Pending>) -> Vec<Pending> {
    let mut admission = Admission::default();
    let mut batch = Vec::new();
    let mut clashing = VecDeque::new();
    while batch.len() < BATCH_COMMANDS && clashing.len() < BATCH_COMMANDS {
        let Some(next) = postponed.pop_front().or_else(|| waiting.try_recv().ok()) else { break };
        if admission.admit(&next.append) {
            batch.push(next);
        } else {
            clashing.push_back(next);
        }
    }
    clashing.append(postponed);
    *postponed = clashing;
    batch
}
