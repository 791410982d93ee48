//! The table of the trail: rows that are added, and in the end swept away.

use std::time::Duration;

use chrono::{DateTime, Utc};
use edge::trail::{Entry, TrailSink, Unwritten};
use event_store::within_reason;
use futures::future::BoxFuture;
use metrics::{Unit, counter, describe_counter};
use sqlx::PgPool;
use sqlx::types::Json;

/// Entries that were swept away.
pub const SWEPT: &str = "crm_trail_swept_total";
/// How long entries are kept at least: the database lets nobody delete younger ones.
pub const LEAST_DAYS: u32 = 30;

/// Rows that are deleted by one statement, and between two such when there are more.
const PORTION: i64 = 5_000;
const BREATH: Duration = Duration::from_millis(200);
/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Tells the installed recorder what the name means.
pub fn describe() {
    describe_counter!(SWEPT, Unit::Count, "Entries of the trail that were deleted since they were old.");
}

/// The table, by connections of [`event_store::Duty::Trail`].
pub struct TrailTable(PgPool);

impl TrailTable {
    /// Over a pool of [`event_store::Duty::Trail`].
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    async fn insert(&self, entries: &[Entry]) -> Result<(), sqlx::Error> {
        let texts = |of: fn(&Entry) -> Option<String>| entries.iter().map(of).collect::<Vec<_>>();
        let insert = sqlx::query(include_str!("sql/add_to_trail.sql"))
            .bind(entries.iter().map(|entry| entry.tenant.as_uuid()).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| entry.id).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| entry.at).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| entry.until).collect::<Vec<Option<DateTime<Utc>>>>())
            .bind(entries.iter().map(|entry| entry.kind.name()).collect::<Vec<_>>())
            .bind(texts(|entry| entry.actor.clone()))
            .bind(entries.iter().map(|entry| entry.key).collect::<Vec<_>>())
            .bind(texts(|entry| entry.address.map(|address| address.to_string())))
            .bind(texts(|entry| entry.agent.clone()))
            .bind(entries.iter().map(|entry| entry.correlation_id.as_str()).collect::<Vec<_>>())
            .bind(texts(|entry| entry.trace_id.clone()))
            .bind(texts(|entry| entry.code.as_ref().map(ToString::to_string)))
            .bind(texts(|entry| entry.method.clone()))
            .bind(texts(|entry| entry.route.clone()))
            .bind(texts(|entry| entry.permission.as_ref().map(ToString::to_string)))
            .bind(entries.iter().map(|entry| entry.record).collect::<Vec<_>>())
            .bind(
                entries
                    .iter()
                    .map(|entry| i64::try_from(entry.count).unwrap_or(i64::MAX))
                    .collect::<Vec<_>>(),
            )
            .bind(entries.iter().map(|entry| entry.detail.clone().map(Json)).collect::<Vec<_>>());
        within_reason(insert.execute(&self.0)).await?;
        Ok(())
    }
}

impl TrailSink for TrailTable {
    fn write<'a>(&'a self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Unwritten>> {
        Box::pin(async move {
            self.insert(entries).await.map_err(|error| match is_refusal(&error) {
                true => Unwritten::Refused(error.into()),
                false => Unwritten::Unavailable(error.into()),
            })
        })
    }
}

/// Whether the database understood and will never take it: wrong data, or a rule of the table (classes 22 and 23 of SQLSTATE).
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

/// Deletes entries that are older than so many days, each hour, by a pool of [`event_store::Duty::Sweeper`]. Several processes
/// may do so; one at a time does.
pub async fn sweep_for_ever(pool: PgPool, days: u32) {
    loop {
        match sweep(&pool, days).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, days, "old entries of the trail are gone"),
            Err(error) => tracing::warn!(%error, "old entries of the trail are kept for now"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Deletes entries that are older than so many days, some at a time; tells how many there were.
///
/// # Errors
/// The database is not there.
pub async fn sweep(pool: &PgPool, days: u32) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    loop {
        let portion = sqlx::query(include_str!("sql/sweep_trail.sql"))
            .bind(i32::try_from(days.max(LEAST_DAYS)).unwrap_or(i32::MAX))
            .bind(PORTION)
            .execute(pool);
        let deleted = within_reason(portion).await?.rows_affected();
        counter!(SWEPT).increment(deleted);
        rows += deleted;
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < PORTION) {
            return Ok(rows);
        }
        tokio::time::sleep(BREATH).await;
    }
}
