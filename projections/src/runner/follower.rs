//! The logic of the runner, between any feed and any store.

use std::sync::Arc;
use std::time::Duration;

use event_store::planted::{RUNNER_WITHOUT_POSITIONS, is_planted};
use event_store::{Recorded, Upcasters};
use tokio::time::Instant;
use uuid::Uuid;

use super::batch::{fold_into, fold_plainly, is_refused_content};
use super::port::{Arrived, Feed, Messages, ReadStore, Transaction};
use crate::checkpoint::{Target, chain};
use crate::metrics;
use crate::registry::ReadModel;
use crate::trace::Folding;

/// How long nothing may arrive before the log is asked directly.
const IDLE: Duration = Duration::from_secs(1);
/// How long another runner's checkpoint may stand still behind the log before this one goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// A runner of one read model.
pub struct Follower<S, F> {
    /// What to run.
    pub model: ReadModel,
    /// Where rows go.
    pub store: S,
    /// Where events come from.
    pub feed: F,
    /// How old events are read.
    pub upcasters: Upcasters,
    /// Events folded in one transaction at most.
    pub batch: usize,
}

/// Why a batch was not folded.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database did not answer.
    #[error("the database is not available")]
    Database(#[from] sqlx::Error),
    /// A row could not be written as JSON.
    #[error("a row cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    /// The checkpoint is not where this runner thinks: another runner folds this read model.
    #[error("another runner moves the checkpoint")]
    Overtaken,
    /// The events are not those of the log: the stream is a copy of another history, as after a restore.
    #[error("the stream holds events that the log does not have")]
    Foreign,
}

impl RunError {
    /// Whether a table refused a row for what it says, which trying again would not change.
    pub(crate) fn is_refused_row(&self) -> bool {
        matches!(self, Self::Database(error) if is_refused_content(error))
    }
}

impl<S: ReadStore, F: Feed> Follower<S, F> {
    /// Folds until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        loop {
            match self.follow().await {
                Err(RunError::Overtaken) => {
                    tracing::warn!(view = self.model.name(), "another runner is active, this one stands by");
                    while let Err(error) = self.stand_by().await {
                        tracing::warn!(view = self.model.name(), error = chain(&error), "standing by");
                        tokio::time::sleep(IDLE).await;
                    }
                }
                Err(error) => {
                    metrics::interrupted(self.model.name());
                    tracing::warn!(
                        view = self.model.name(),
                        error = chain(&error),
                        "interrupted, tries again"
                    );
                    tokio::time::sleep(IDLE).await;
                }
                Ok(()) => {}
            }
        }
    }

    /// Waits until the checkpoint is behind the log and has not moved for [`PATIENCE`].
    async fn stand_by(&self) -> Result<(), RunError> {
        let mut seen = (-1, Instant::now());
        loop {
            let at = self.store.position(self.model.name()).await?;
            if at != seen.0 || self.store.head().await? <= at {
                seen = (at, Instant::now());
            } else if seen.1.elapsed() >= PATIENCE {
                return Ok(());
            }
            tokio::time::sleep(IDLE / 2).await;
        }
    }

    async fn follow(&self) -> Result<(), RunError> {
        self.store.ensure(self.model.name()).await?;
        let mut at = self.store.position(self.model.name()).await?;
        let mut messages = self.feed.subscribe(at).await;
        loop {
            let arrived = match messages.as_mut() {
                Some(messages) => tokio::time::timeout(IDLE, messages.next()).await,
                None => {
                    tokio::time::sleep(IDLE).await;
                    Ok(None)
                }
            };
            match arrived {
                Ok(Some(chunk)) => match self.fold_arrived(at, chunk).await {
                    Err(RunError::Foreign) => {
                        // The relay replaces such a stream; until then the log itself is read.
                        tracing::warn!(view = self.model.name(), at, "the stream is not a copy of the log");
                        at = self.store.position(self.model.name()).await?;
                        at = self.fold_from_log(at, i64::MAX).await?;
                        tokio::time::sleep(IDLE).await;
                        messages = self.feed.subscribe(at).await;
                    }
                    folded => {
                        let reached = folded?;
                        if reached == at {
                            // Nothing new in it: a consumer that was made again starts from the first message, and an
                            // event too large to send comes without its payload.
                            tokio::time::sleep(IDLE).await;
                            at = self.catch_up(at).await?;
                            messages = self.feed.subscribe(at).await;
                        } else {
                            at = reached;
                        }
                    }
                },
                Ok(None) => {
                    at = self.catch_up(at).await?;
                    messages = self.feed.subscribe(at).await;
                }
                // Nothing arrived: either nothing happened, or the stream is behind or gone.
                Err(_) => {
                    let caught_up = self.catch_up(at).await?;
                    if caught_up != at {
                        at = caught_up;
                        messages = self.feed.subscribe(at).await;
                    }
                }
            }
        }
    }

    /// Folds what a chunk brings beyond the checkpoint; what is missing before or inside it comes from the log.
    async fn fold_arrived(&self, at: i64, chunk: Arrived) -> Result<i64, RunError> {
        if is_planted(RUNNER_WITHOUT_POSITIONS) {
            return self.fold(at, chunk, Vec::new()).await;
        }
        let mut at = at;
        let mut run = Arrived::with_capacity(chunk.len());
        for event in chunk {
            let expected = run.last().map_or(at, |event| event.position) + 1;
            if event.position < expected {
                continue;
            }
            if event.position > expected {
                at = self.fold_run(at, std::mem::take(&mut run)).await?;
                at = self.fold_from_log(at, event.position - 1).await?;
            }
            run.push(event);
        }
        self.fold_run(at, run).await
    }

    /// Folds events that follow each other directly from the checkpoint on.
    async fn fold_run(&self, at: i64, run: Arrived) -> Result<i64, RunError> {
        if run.first().is_none_or(|first| first.position != at + 1) {
            return Ok(at);
        }
        let known = run.iter().map(|event| (event.position, event.event_id)).collect();
        self.fold(at, run, known).await
    }

    /// Folds what the log has after the checkpoint. If that was put back with the whole database, goes back as well:
    /// otherwise nothing would be folded until the log is as long as it was.
    async fn catch_up(&self, at: i64) -> Result<i64, RunError> {
        let caught_up = self.fold_from_log(at, i64::MAX).await?;
        if is_planted(RUNNER_WITHOUT_POSITIONS) {
            return Ok(caught_up);
        }
        let here = if caught_up == at { self.store.position(self.model.name()).await? } else { caught_up };
        if here >= at {
            return Ok(caught_up);
        }
        tracing::warn!(view = self.model.name(), at, here, "the checkpoint was put back");
        self.fold_from_log(here, i64::MAX).await
    }

    /// Reads the log after the checkpoint, up to and including `until`.
    async fn fold_from_log(&self, at: i64, until: i64) -> Result<i64, RunError> {
        let mut at = at;
        while at < until {
            let limit = (until - at).min(i64::try_from(self.batch).unwrap_or(i64::MAX));
            let events = self.store.after(at, limit).await?;
            if events.is_empty() {
                break;
            }
            tracing::debug!(view = self.model.name(), at, events = events.len(), "read from the log");
            metrics::healed(self.model.name(), events.len());
            let known = events.last().map(|event| (event.position, event.event_id)).into_iter().collect();
            at = self.fold(at, events.into_iter().map(Arc::new).collect(), known).await?;
        }
        Ok(at)
    }

    /// One batch, one transaction.
    async fn fold(&self, from: i64, events: Arrived, known: Vec<(i64, Uuid)>) -> Result<i64, RunError> {
        let Some(last) = events.last() else { return Ok(from) };
        let target = Target { from, to: last.position, events: known };
        let view = self.model.name();
        let (since, count, spans) = (Instant::now(), events.len(), Folding::begin(view, &events));
        let reads = self.model.fold.reads();
        let read = |event: &Arc<Recorded>| reads.contains(&event.aggregate_type.as_str());
        let read: Vec<_> = events.into_iter().filter(read).map(Arc::unwrap_or_clone).collect();
        if !read.is_empty() {
            self.fold_rows(&target, read).await?;
        } else if !self.store.advance(view, &target).await? {
            let here = self.store.position(view).await?;
            return Err(not_moved(here, &target));
        }
        spans.end();
        metrics::folded(view, since.elapsed(), count);
        self.feed.announce(view, target.to).await;
        Ok(target.to)
    }

    /// Folds what the read model reads. If its table refuses a row, everything is folded once more, each tenant apart.
    async fn fold_rows(&self, target: &Target, events: Vec<Recorded>) -> Result<(), RunError> {
        match self.transact(target, events, Care::Plain).await {
            Err(error) if error.is_refused_row() => {
                let events = self.store.after(target.from, target.to - target.from).await?;
                self.transact(target, events, Care::TenantsApart).await
            }
            done => done,
        }
    }

    async fn transact(&self, target: &Target, mut events: Vec<Recorded>, care: Care) -> Result<(), RunError> {
        let view = self.model.name();
        let mut transaction = self.store.begin().await?;
        let Some(parked) = transaction.advance(view, target).await? else {
            let here = transaction.position(view).await?;
            transaction.rollback().await?;
            return Err(not_moved(here, target));
        };
        events.retain(|event| !parked.contains(&event.tenant_id));
        let rows = transaction.rows();
        match care {
            Care::Plain => fold_plainly(&self.model, rows, view, events, self.upcasters).await?,
            Care::TenantsApart => fold_into(&self.model, rows, view, events, self.upcasters).await?,
        }
        Ok(transaction.commit().await?)
    }
}

/// How a batch is folded.
#[derive(Clone, Copy, Debug)]
enum Care {
    /// As if every row was taken.
    Plain,
    /// With savepoints, so that a row which is not taken stops its tenant only.
    TenantsApart,
}

/// Why a checkpoint that is `here` was not moved.
fn not_moved(here: i64, target: &Target) -> RunError {
    if here == target.from { RunError::Foreign } else { RunError::Overtaken }
}
