//! Commits one batch. A command that the database refuses is singled out, so that it never fails its neighbours.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{Acquire, PgConnection, PgPool};
use tokio::sync::Notify;
use uuid::Uuid;

use super::Pending;
use crate::append::{AppendError, Appended, Claim, Guard};
use crate::read;

/// Why a batch as a whole was not written.
enum Failure {
    /// At least one command in it cannot be written: single it out.
    Refused(sqlx::Error),
    /// These commands' guards do not hold; the others may be written.
    Guards(HashSet<usize>),
    /// The database did not answer.
    Unavailable(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        // Class 22 is content that cannot be stored, 23 a constraint: both are the fault of one command.
        let refused = error
            .as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| code.starts_with("22") || code.starts_with("23"));
        if refused { Failure::Refused(error) } else { Failure::Unavailable(error) }
    }
}

/// Writes all commands and answers each. Halving finds `k` losers among `n` in about `k·log2 n` transactions.
pub(super) async fn commit(pool: &PgPool, batch: Vec<Pending>, appended: &Notify) {
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        match write(pool, &part).await {
            Ok(written) => {
                appended.notify_waiters();
                answer_all(part, &written);
            }
            Err(Failure::Guards(failed)) => {
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
                if part.len() > 1 {
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                } else if let Some(alone) = part.pop() {
                    let reason = reason(pool, &alone, error).await;
                    alone.answer(Err(reason));
                }
            }
            Err(Failure::Unavailable(error)) => {
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

struct Written {
    base: i64,
    recorded_at: DateTime<Utc>,
}

fn answer_all(part: Vec<Pending>, written: &Written) {
    let mut position = written.base;
    for pending in part {
        position += count(&pending);
        pending.answer(Ok(Appended { position, recorded_at: written.recorded_at }));
    }
}

fn count(pending: &Pending) -> i64 {
    i64::try_from(pending.append.events.len()).unwrap_or(i64::MAX)
}

async fn write(pool: &PgPool, part: &[Pending]) -> Result<Written, Failure> {
    let mut connection = pool.acquire().await?;
    if part.iter().all(|pending| pending.append.guards.is_empty()) {
        return Ok(insert(&mut connection, part).await?);
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("select from log.enter()").execute(&mut *transaction).await?;
    let failed = failed_guards(&mut transaction, part).await?;
    if !failed.is_empty() {
        transaction.rollback().await?;
        return Err(Failure::Guards(failed));
    }
    let written = insert(&mut transaction, part).await?;
    transaction.commit().await?;
    Ok(written)
}

async fn failed_guards(
    connection: &mut PgConnection,
    part: &[Pending],
) -> Result<HashSet<usize>, sqlx::Error> {
    let mut unmoved = (vec![], vec![], vec![], vec![], vec![]);
    let mut unclaimed = (vec![], vec![], vec![]);
    for (number, pending) in (0_i64..).zip(part) {
        for guard in &pending.append.guards {
            match guard {
                Guard::Unmoved { aggregate_type, aggregate_id, sequence } => {
                    unmoved.0.push(number);
                    unmoved.1.push(pending.append.tenant);
                    unmoved.2.push(*aggregate_type);
                    unmoved.3.push(*aggregate_id);
                    unmoved.4.push(*sequence);
                }
                Guard::Unclaimed { scope } => {
                    unclaimed.0.push(number);
                    unclaimed.1.push(pending.append.tenant);
                    unclaimed.2.push(scope.as_str());
                }
            }
        }
    }
    let failed: Vec<i64> = sqlx::query_scalar(include_str!("../sql/guards.sql"))
        .bind(unmoved.0)
        .bind(unmoved.1)
        .bind(unmoved.2)
        .bind(unmoved.3)
        .bind(unmoved.4)
        .bind(unclaimed.0)
        .bind(unclaimed.1)
        .bind(unclaimed.2)
        .fetch_all(connection)
        .await?;
    Ok(failed.into_iter().filter_map(|number| usize::try_from(number).ok()).collect())
}

#[derive(Default)]
struct Claims<'a> {
    tenants: Vec<Uuid>,
    scopes: Vec<&'a str>,
    values: Vec<&'a str>,
}

impl<'a> Claims<'a> {
    fn of(part: &'a [Pending], claims: impl Fn(&'a Pending) -> &'a [Claim]) -> Self {
        let mut columns = Self::default();
        for pending in part {
            for claim in claims(pending) {
                columns.tenants.push(pending.append.tenant);
                columns.scopes.push(&claim.scope);
                columns.values.push(&claim.value);
            }
        }
        columns
    }
}

async fn insert(connection: &mut PgConnection, part: &[Pending]) -> Result<Written, sqlx::Error> {
    let events = || part.iter().flat_map(|pending| pending.append.events.iter());
    let tenants: Vec<Uuid> =
        part.iter().flat_map(|pending| pending.append.events.iter().map(|_| pending.append.tenant)).collect();
    let mut before = 0;
    let mut keyed = Vec::new();
    for pending in part {
        before += count(pending);
        keyed.extend(pending.append.idempotency.iter().map(|row| (pending.append.tenant, row, before)));
    }
    let released = Claims::of(part, |pending| &pending.append.releases);
    let claimed = Claims::of(part, |pending| &pending.append.claims);
    let (base, recorded_at, _): (i64, DateTime<Utc>, bool) =
        sqlx::query_as(include_str!("../sql/append.sql"))
            .bind(before)
            .bind(tenants)
            .bind(events().map(|event| event.aggregate_type).collect::<Vec<_>>())
            .bind(events().map(|event| event.aggregate_id).collect::<Vec<_>>())
            .bind(events().map(|event| event.sequence).collect::<Vec<_>>())
            .bind(events().map(|event| event.event_id).collect::<Vec<_>>())
            .bind(events().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
            .bind(events().map(|event| event.event_version).collect::<Vec<_>>())
            .bind(events().map(|event| event.payload.as_str()).collect::<Vec<_>>())
            .bind(events().map(|event| event.metadata.as_str()).collect::<Vec<_>>())
            .bind(keyed.iter().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
            .bind(keyed.iter().map(|(_, row, _)| row.key.as_str()).collect::<Vec<_>>())
            .bind(keyed.iter().map(|(_, row, _)| row.request_hash.as_slice()).collect::<Vec<_>>())
            .bind(keyed.iter().map(|(_, row, _)| row.answer.to_string()).collect::<Vec<_>>())
            .bind(keyed.iter().map(|(.., before)| *before).collect::<Vec<_>>())
            .bind(released.tenants)
            .bind(released.scopes)
            .bind(released.values)
            .bind(claimed.tenants)
            .bind(claimed.scopes)
            .bind(claimed.values)
            .bind(follows(part))
            .fetch_one(connection)
            .await?;
    Ok(Written { base, recorded_at })
}

/// For each event, whether it is the first of its aggregate or comes right after one of the same command.
fn follows(part: &[Pending]) -> Vec<bool> {
    let mut follows = Vec::new();
    for pending in part {
        let mut last = HashMap::new();
        for event in &pending.append.events {
            let before = last.insert((event.aggregate_type, event.aggregate_id), event.sequence);
            follows.push(before.unwrap_or(0) + 1 == event.sequence);
        }
    }
    follows
}

/// The name of the constraint decides the error.
async fn reason(pool: &PgPool, alone: &Pending, error: sqlx::Error) -> AppendError {
    let constraint = error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default();
    let append = &alone.append;
    match constraint {
        "event_sequence_key" | "event_sequence_is_positive" => AppendError::Conflict,
        "idempotency_key" => match &append.idempotency {
            Some(row) => match read::stored_answer(pool, append.tenant, &row.key).await {
                Ok(Some(stored)) => AppendError::Replayed(stored),
                Ok(None) => AppendError::Conflict,
                Err(error) => AppendError::Unavailable(Arc::new(error)),
            },
            None => AppendError::Rejected(Arc::new(error)),
        },
        "claim_key" => match taken(pool, append.tenant, &append.claims).await {
            Ok(Some(claim)) => AppendError::ClaimTaken(claim),
            // Given free in the meantime: deciding again will succeed.
            Ok(None) => AppendError::Conflict,
            Err(error) => AppendError::Unavailable(Arc::new(error)),
        },
        _ => AppendError::Rejected(Arc::new(error)),
    }
}

async fn taken(pool: &PgPool, tenant: Uuid, claims: &[Claim]) -> Result<Option<Claim>, sqlx::Error> {
    let row: Option<(String, String)> = sqlx::query_as(
        "select c.scope, c.value from log.claim as c
         join unnest($2::text[], $3::text[]) as wanted (scope, value) using (scope, value)
         where c.tenant_id = $1 limit 1",
    )
    .bind(tenant)
    .bind(claims.iter().map(|claim| claim.scope.as_str()).collect::<Vec<_>>())
    .bind(claims.iter().map(|claim| claim.value.as_str()).collect::<Vec<_>>())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(scope, value)| Claim { scope, value }))
}
