//! The log as it lies in the table, read without any code of the product.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::Verdict;

/// What the judge looks at of an event.
#[derive(Debug, FromRow)]
pub(super) struct LogEvent {
    pub(super) position: i64,
    pub(super) tenant_id: Uuid,
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: Uuid,
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    pub(super) event_type: String,
    pub(super) correlation_id: String,
    pub(super) recorded_at: DateTime<Utc>,
}

pub(super) async fn read(pool: &PgPool) -> anyhow::Result<Vec<LogEvent>> {
    Ok(sqlx::query_as(
        "select position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, recorded_at,
             coalesce(metadata ->> 'correlation_id', '') as correlation_id
         from log.event order by position",
    )
    .fetch_all(pool)
    .await?)
}

/// Positions are dense, sequences contiguous, ids unique, and time does not run backwards.
pub(super) fn check(events: &[LogEvent], verdict: &mut Verdict) {
    for (expected, event) in (1..).zip(events) {
        if event.position != expected {
            let found = event.position;
            verdict.broken.push(format!("position {expected} is missing, {found} comes instead"));
            break;
        }
    }
    let mut sequences: HashMap<(Uuid, &str, Uuid), i64> = HashMap::new();
    let mut ids: HashMap<Uuid, i64> = HashMap::with_capacity(events.len());
    let mut recorded_at = None;
    for event in events {
        let LogEvent { position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, .. } = event;
        let last = sequences.entry((*tenant_id, aggregate_type, *aggregate_id)).or_default();
        if *sequence != *last + 1 {
            verdict.reordered += 1;
            verdict.broken.push(format!(
                "position {position} has sequence {sequence} of {aggregate_type} {aggregate_id} after {last}"
            ));
        }
        *last = *sequence;
        if let Some(earlier) = ids.insert(*event_id, *position) {
            verdict.duplicated += 1;
            verdict.broken.push(format!("positions {earlier} and {position} are the same event"));
        }
        if recorded_at.is_some_and(|before| before > event.recorded_at) {
            verdict.reordered += 1;
            verdict.broken.push(format!("position {position} was recorded before the one before it"));
        }
        recorded_at = Some(event.recorded_at);
    }
}
