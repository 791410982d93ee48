//! The one task of a process that writes to the log: it gathers waiting commands into batches.

mod admission;
mod batch;
mod port;
mod postgres;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::append::{Append, AppendError, Appended};
use crate::metrics::{self, Waiting};
use admission::Admission;
pub(crate) use batch::count;
pub use port::{Failure, Log, Written};
pub(crate) use postgres::Postgres;

/// Commands that go into one transaction at most.
const BATCH_COMMANDS: usize = 512;
/// Commands that may wait; further ones wait in their caller.
const QUEUE_COMMANDS: usize = 4_096;
/// So many commands are a second batch while one is under way: it is prepared while it waits at the gate. Fewer do better in one
/// batch with those that ask next. A third batch would only queue.
const SECOND_BATCH: usize = 128;

/// A command that waits for its answer.
struct Pending {
    append: Append,
    since: Instant,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
}

impl Pending {
    fn answer(self, result: Result<Appended, AppendError>) {
        metrics::answered(&result, self.append.commands());
        // A caller that went away needs no answer.
        let _gone = self.answer.send(result);
    }
}

/// The sending side; clones share the one task, which ends with the last of them.
#[derive(Clone)]
pub struct Appender {
    queue: mpsc::Sender<Pending>,
    meters: Waiting,
}

impl Appender {
    /// The appender of `log`, and its task: nothing is appended unless that runs. `appended` is notified after each
    /// commit that added events.
    pub fn new(log: impl Log, appended: Arc<Notify>) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, waiting) = mpsc::channel(QUEUE_COMMANDS);
        let meters = Waiting::new();
        let running = run(Arc::new(log), waiting, appended, meters.clone());
        (Self { queue, meters }, running)
    }

    /// Appends all of it or nothing, and waits until it is durable.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending { append, since: Instant::now(), answer };
        self.queue.send(pending).await.map_err(|_| AppendError::Closed)?;
        self.meters.queued();
        answered.await.map_err(|_| AppendError::Closed)?
    }
}

async fn run(
    log: Arc<impl Log>,
    mut waiting: mpsc::Receiver<Pending>,
    appended: Arc<Notify>,
    meters: Waiting,
) {
    let mut in_flight = JoinSet::new();
    let mut postponed = VecDeque::new();
    loop {
        if postponed.is_empty() {
            match waiting.recv().await {
                Some(first) => postponed.push_back(first),
                None => break,
            }
        }
        // A batch gathers while another is written, and then from those who have just been answered and ask for more.
        while !is_worth_a_batch(in_flight.len(), postponed.len()) {
            tokio::select! {
                _ended = in_flight.join_next() => {}
                // Only as many as make a second batch: all others wait in the queue, which is bounded.
                Some(next) = waiting.recv(), if in_flight.len() == 1 => postponed.push_back(next),
            }
        }
        let mut before = 0;
        while std::mem::replace(&mut before, waiting.len()) < waiting.len() {
            tokio::task::yield_now().await;
        }
        let batch = gather(&mut postponed, &mut waiting);
        batch.iter().for_each(|pending| meters.taken(pending.since));
        let (log, appended) = (log.clone(), appended.clone());
        in_flight.spawn(async move { batch::commit(&*log, batch, &appended).await });
    }
    while in_flight.join_next().await.is_some() {}
}

/// Whether so many commands should not wait for the batches that are under way.
fn is_worth_a_batch(in_flight: usize, commands: usize) -> bool {
    match in_flight {
        0 => true,
        1 => commands >= SECOND_BATCH,
        _ => false,
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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::stream::{FuturesUnordered, StreamExt};
    use sqlx::Error;
    use uuid::Uuid;

    use super::*;
    use crate::append::{Claim, Stored};

    /// A log that never answers.
    struct Silent;

    impl Log for Silent {
        async fn write(&self, _: &[&Append]) -> Result<Written, Failure> {
            pending().await
        }

        async fn stored_answer(&self, _: Uuid, _: &str) -> Result<Option<Stored>, Error> {
            pending().await
        }

        async fn taken(&self, _: Uuid, _: &[Claim]) -> Result<Option<Claim>, Error> {
            pending().await
        }
    }

    #[tokio::test]
    async fn while_the_log_does_not_answer_commands_wait_in_a_bounded_queue() {
        let (appender, running) = Appender::new(Silent, Arc::default());
        let running = tokio::spawn(running);
        let most = QUEUE_COMMANDS + 2 * BATCH_COMMANDS;
        let mut callers: FuturesUnordered<_> =
            (0..most + SECOND_BATCH).map(|_| appender.append(Append::default())).collect();
        for _ in 0..1_000 {
            assert!(futures::poll!(callers.next()).is_pending());
            tokio::task::yield_now().await;
        }
        assert_eq!(appender.queue.capacity(), 0, "some wait elsewhere than in the queue");
        running.abort();
    }
}
