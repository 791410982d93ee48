//! Drives a read model: batches from JetStream in, rows and checkpoint out in one transaction.
//!
//! A duplicate has a position at or before the checkpoint and is dropped; a hole is read from the log. Whatever
//! NATS does, the log is asked once in a while, so a read model is late at worst and never wrong.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::{self, Message};
use event_store::stream::position;
use event_store::{Recorded, StreamNames, Upcasters, read};
use futures::StreamExt;
use futures::stream::ReadyChunks;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::checkpoint::{self, Target, chain};
use crate::fold::{Stop, keys};
use crate::projection::FoldError;
use crate::registry::ReadModel;
use crate::table;

/// Events folded in one transaction at most.
const BATCH: usize = 2_000;
/// How long nothing may arrive before the log is asked directly.
const IDLE: Duration = Duration::from_secs(1);
/// How long another runner's checkpoint may stand still behind the log before this one goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs one read model.
#[derive(Clone)]
pub struct Runner {
    /// What to run.
    pub model: ReadModel,
    /// Connections in the role of [`event_store::Duty::Projector`].
    pub pool: PgPool,
    /// Where moves are announced.
    pub client: async_nats::Client,
    /// Where events come from.
    pub jetstream: jetstream::Context,
    /// The names on NATS.
    pub names: StreamNames,
    /// How old events are read.
    pub upcasters: Upcasters,
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

type Messages = ReadyChunks<pull::Ordered>;

impl Runner {
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
        let mut seen = (-1, tokio::time::Instant::now());
        loop {
            let at = checkpoint::position(&self.pool, self.model.name()).await?;
            if at != seen.0 || read::head(&self.pool).await? <= at {
                seen = (at, tokio::time::Instant::now());
            } else if seen.1.elapsed() >= PATIENCE {
                return Ok(());
            }
            tokio::time::sleep(IDLE / 2).await;
        }
    }

    async fn follow(&self) -> Result<(), RunError> {
        checkpoint::ensure(&self.pool, self.model.name()).await?;
        let mut at = checkpoint::position(&self.pool, self.model.name()).await?;
        let mut messages = self.subscribe(at).await;
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
                        at = checkpoint::position(&self.pool, self.model.name()).await?;
                        at = self.fold_from_log(at, i64::MAX).await?;
                        tokio::time::sleep(IDLE).await;
                        messages = self.subscribe(at).await;
                    }
                    folded => {
                        let reached = folded?;
                        if reached == at {
                            // Nothing new in it: a consumer that was made again starts from the first message.
                            tokio::time::sleep(IDLE).await;
                            messages = self.subscribe(at).await;
                        }
                        at = reached;
                    }
                },
                Ok(None) => {
                    at = self.fold_from_log(at, i64::MAX).await?;
                    messages = self.subscribe(at).await;
                }
                // Nothing arrived: either nothing happened, or the stream is behind or gone.
                Err(_) => {
                    let caught_up = self.fold_from_log(at, i64::MAX).await?;
                    if caught_up != at {
                        at = caught_up;
                        messages = self.subscribe(at).await;
                    }
                }
            }
        }
    }

    /// The messages after a position, or `None` while there is no stream.
    ///
    /// While NATS is away nobody waits for it: the log is read instead.
    async fn subscribe(&self, at: i64) -> Option<Messages> {
        if self.client.connection_state() != State::Connected {
            return None;
        }
        tokio::time::timeout(IDLE, self.consume(at)).await.ok().flatten()
    }

    async fn consume(&self, at: i64) -> Option<Messages> {
        let stream = self.jetstream.get_stream_no_info(self.names.stream()).await.ok()?;
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: u64::try_from(at + 1).unwrap_or(1),
            },
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.ok()?;
        Some(consumer.messages().await.ok()?.ready_chunks(BATCH))
    }

    /// Folds what a chunk brings beyond the checkpoint; what is missing before or inside it comes from the log.
    async fn fold_arrived<E>(&self, at: i64, chunk: Vec<Result<Message, E>>) -> Result<i64, RunError> {
        let mut at = at;
        let mut run: Vec<Recorded> = Vec::with_capacity(chunk.len());
        for event in chunk.into_iter().filter_map(|message| readable(&message.ok()?)) {
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
    async fn fold_run(&self, at: i64, run: Vec<Recorded>) -> Result<i64, RunError> {
        if run.first().is_none_or(|first| first.position != at + 1) {
            return Ok(at);
        }
        self.fold(at, run).await
    }

    /// Reads the log after the checkpoint, up to and including `until`.
    async fn fold_from_log(&self, at: i64, until: i64) -> Result<i64, RunError> {
        let mut at = at;
        while at < until {
            let limit = (until - at).min(i64::try_from(BATCH).unwrap_or(i64::MAX));
            let events = read::after(&self.pool, at, limit).await?;
            if events.is_empty() {
                break;
            }
            tracing::debug!(view = self.model.name(), at, events = events.len(), "read from the log");
            at = self.fold(at, events).await?;
        }
        Ok(at)
    }

    /// One batch, one transaction.
    async fn fold(&self, from: i64, events: Vec<Recorded>) -> Result<i64, RunError> {
        let Some(last) = events.last() else { return Ok(from) };
        let target = Target { from, to: last.position, event_id: last.event_id };
        let mut transaction = self.pool.begin().await?;
        let view = self.model.name();
        let Some(parked) = checkpoint::advance(&mut transaction, view, target).await? else {
            let here = checkpoint::position(&mut *transaction, view).await?;
            transaction.rollback().await?;
            return Err(if here == from { RunError::Foreign } else { RunError::Overtaken });
        };
        let mut events = events;
        events.retain(|event| !parked.contains(&event.tenant_id));
        fold_into(&self.model, &mut transaction, view, events, self.upcasters).await?;
        transaction.commit().await?;
        self.announce(target.to).await;
        Ok(target.to)
    }

    /// Tells whoever waits for this read model. A lost message costs a reader one look at the checkpoint.
    async fn announce(&self, position: i64) {
        if self.client.connection_state() != State::Connected {
            return;
        }
        let subject = self.names.moved(self.model.name());
        let told =
            tokio::time::timeout(IDLE, self.client.publish(subject, position.to_string().into())).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::debug!(view = self.model.name(), position, "a move was not announced");
        }
    }
}

/// Folds events into a table and parks the tenants that they stop.
///
/// A row that the table refuses stops its tenant as well: each tenant is then folded by itself.
pub(crate) async fn fold_into(
    model: &ReadModel,
    connection: &mut PgConnection,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
    let (after, until) = (first.position - 1, last.position);
    let mut tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id).collect();
    match fold_at_once(model, connection, table, events, upcasters).await {
        Err(RunError::Database(error)) if is_refused_content(&error) => {
            tenants.sort_unstable();
            tenants.dedup();
            for tenant in tenants {
                let own = read::of_tenant(&mut *connection, tenant, after, until, i64::MAX).await?;
                fold_alone(model, connection, table, own, upcasters).await?;
            }
            Ok(())
        }
        done => done,
    }
}

/// Folds the events of one tenant; what the table refuses parks it at the first of them.
async fn fold_alone(
    model: &ReadModel,
    connection: &mut PgConnection,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let Some(first) = events.first() else { return Ok(()) };
    let (tenant, position, event_type) = (first.tenant_id, first.position, first.event_type.clone());
    match fold_at_once(model, connection, table, events, upcasters).await {
        Err(RunError::Database(error)) if is_refused_content(&error) => {
            let stop = Stop { tenant, position, event_type, error: FoldError::RefusedRow(error) };
            Ok(checkpoint::park(connection, table, &[stop]).await?)
        }
        done => done,
    }
}

/// One load, one fold, one store, within a savepoint.
async fn fold_at_once(
    model: &ReadModel,
    connection: &mut PgConnection,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let steps = model.fold.steps(events, upcasters);
    if steps.is_empty() {
        return Ok(());
    }
    let mut savepoint = connection.begin().await?;
    let rows = table::load(&mut savepoint, table, &keys(&steps)).await?;
    let (changes, stops) = model.fold.fold(rows, steps)?;
    table::store(&mut savepoint, table, changes).await?;
    checkpoint::park(&mut savepoint, table, &stops).await?;
    Ok(savepoint.commit().await?)
}

/// Whether the database refuses the content of a row, which trying again would not change.
fn is_refused_content(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

/// The event in a message, unless it was too large to send or is not what its place in the stream says.
fn readable(message: &Message) -> Option<Recorded> {
    let sequence = message.info().ok()?.stream_sequence;
    let event: Recorded = serde_json::from_slice(&message.payload).ok()?;
    (event.position == position(sequence)).then_some(event)
}
