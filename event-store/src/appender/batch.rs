//! Commits one batch. A command that the log refuses is singled out, so that it never fails its neighbours.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::Pending;
use super::port::{Failure, Log, Written};
use crate::append::{Append, AppendError, Appended};
use crate::metrics;

/// Writes all commands and answers each. Halving finds `k` losers among `n` in about `k·log2 n` transactions.
pub(super) async fn commit(log: &impl Log, batch: Vec<Pending>, appended: &Notify) {
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        let appends: Vec<&Append> = part.iter().map(|pending| &pending.append).collect();
        let since = Instant::now();
        match log.write(&appends).await {
            Ok(written) => {
                let events = part.iter().map(|pending| count(&pending.append)).sum();
                let commands = part.iter().map(|pending| pending.append.commands()).sum();
                metrics::committed(since, commands, events);
                appended.notify_waiters();
                answer_all(part, &written);
            }
            Err(Failure::Guards(failed)) => {
                metrics::not_committed(since, "guards failed");
                let mut number = 0;
                let (lost, rest): (Vec<_>, Vec<_>) = part.into_iter().partition(|_| {
                    number += 1;
                    failed.contains(&(number - 1))
                });
                for pending in lost {
                    let guard = first_guard(&pending);
                    pending.answer(Err(guard));
                }
                if !rest.is_empty() {
                    parts.push(rest);
                }
            }
            Err(Failure::Refused(error)) => {
                metrics::not_committed(since, "refused");
                if part.len() > 1 {
                    metrics::halved();
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                } else if let Some(alone) = part.pop() {
                    let reason = reason(log, &alone, error).await;
                    alone.answer(Err(reason));
                }
            }
            Err(Failure::Unavailable(error)) => {
                metrics::not_committed(since, "unavailable");
                tracing::error!(%error, commands = part.len(), "the log did not take a batch");
                let error = Arc::new(error);
                for pending in part {
                    pending.answer(Err(AppendError::Unavailable(error.clone())));
                }
            }
        }
    }
}

fn first_guard(pending: &Pending) -> AppendError {
    // With several guards the first names them all: the caller loads everything again anyway.
    pending.append.guards.first().cloned().map_or(AppendError::Conflict, AppendError::GuardFailed)
}

fn answer_all(part: Vec<Pending>, written: &Written) {
    let mut position = written.base;
    for pending in part {
        position += count(&pending.append);
        pending.answer(Ok(Appended { position, recorded_at: written.recorded_at }));
    }
}

/// The events of a command.
pub(crate) fn count(append: &Append) -> i64 {
    i64::try_from(append.events.len()).unwrap_or(i64::MAX)
}

/// The name of the constraint decides the error.
async fn reason(log: &impl Log, alone: &Pending, error: sqlx::Error) -> AppendError {
    let constraint = error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default();
    let append = &alone.append;
    match constraint {
        // A key of the stream that the decision did not know of, or of a tenant whose own key is another one.
        "event_sequence_key"
        | "event_sequence_is_positive"
        | "person_key_key"
        | "person_key_has_tenant_key" => AppendError::Conflict,
        "idempotency_key" => match append.answers.as_slice() {
            [kept] => match log.stored_answer(append.tenant, &kept.row.key).await {
                Ok(Some(stored)) => AppendError::Replayed(stored),
                Ok(None) => AppendError::Conflict,
                Err(error) => AppendError::Unavailable(Arc::new(error)),
            },
            // Of several commands it is not told which: each has to be asked alone.
            _ => AppendError::Rejected(Arc::new(error)),
        },
        "claim_key" => match log.taken(append.tenant, &append.claims).await {
            Ok(Some(claim)) => AppendError::ClaimTaken(claim),
            // Given free in the meantime: deciding again will succeed.
            Ok(None) => AppendError::Conflict,
            Err(error) => AppendError::Unavailable(Arc::new(error)),
        },
        _ => AppendError::Rejected(Arc::new(error)),
    }
}
