//! Reading the log in order.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgExecutor, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::append::Stored;
use crate::event::{RawRecorded, Recorded};
pub use crate::history::History;

/// The columns of an event, in the order in which [`Recorded`] is read from a row.
pub const COLUMNS: &str = "position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, \
    event_version, payload, metadata, recorded_at";

/// By place, as in [`COLUMNS`]: to find columns by name takes as long as to read them.
impl<J> FromRow<'_, PgRow> for Recorded<J, J>
where
    J: DeserializeOwned + 'static,
{
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: row.try_get(0)?,
            tenant_id: row.try_get(1)?,
            aggregate_type: row.try_get(2)?,
            aggregate_id: row.try_get(3)?,
            sequence: row.try_get(4)?,
            event_id: row.try_get(5)?,
            event_type: row.try_get(6)?,
            event_version: row.try_get(7)?,
            payload: row.try_get::<Json<J>, _>(8)?.0,
            metadata: row.try_get::<Json<J>, _>(9)?.0,
            recorded_at: row.try_get(10)?,
        })
    }
}

/// The position of the last event; 0 for an empty log.
pub async fn head(executor: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select position from log.head").fetch_one(executor).await
}

const AFTER: &str = "where position > $1 order by position limit $2";

/// Up to `limit` events with a position greater than `after`, in order, of all tenants the role may see.
pub async fn after(
    executor: impl PgExecutor<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let sql = format!("select {COLUMNS} from log.event {AFTER}");
    sqlx::query_as(&sql).bind(after).bind(limit).fetch_all(executor).await
}

/// The same, for whoever only passes them on.
pub(crate) async fn raw_after(
    executor: impl PgExecutor<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<RawRecorded>, sqlx::Error> {
    let sql = format!("select {COLUMNS} from log.event {AFTER}");
    sqlx::query_as(&sql).bind(after).bind(limit).fetch_all(executor).await
}

/// The events of some aggregate types after `after`, up to and including `until`, in order.
pub async fn of_types(
    executor: impl PgExecutor<'_>,
    types: &[&str],
    after: i64,
    until: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS} from log.event
         where position > $1 and position <= $2 and aggregate_type = any ($3) order by position"
    );
    sqlx::query_as(&sql).bind(after).bind(until).bind(types).fetch_all(executor).await
}

/// Up to `limit` events of one tenant after `after`, up to and including `until`, in order.
pub async fn of_tenant(
    executor: impl PgExecutor<'_>,
    tenant: Uuid,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let sql = format!(
        "select {COLUMNS} from log.event where tenant_id = $1 and position > $2 and position <= $3
         order by position limit $4"
    );
    sqlx::query_as(&sql).bind(tenant).bind(after).bind(until).bind(limit).fetch_all(executor).await
}

/// Which events an auditor wants to see; what is `None` is not asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Of this tenant.
    pub tenant: Option<Uuid>,
    /// Of aggregates of this type.
    pub aggregate_type: Option<String>,
    /// Of this aggregate.
    pub aggregate_id: Option<Uuid>,
    /// Caused by this actor.
    pub actor: Option<String>,
    /// Of this type.
    pub event_type: Option<String>,
    /// Recorded at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub to: Option<DateTime<Utc>>,
}

/// Up to `limit` selected events after `after`, up to and including `until`, in order.
pub async fn selected(
    executor: impl PgExecutor<'_>,
    selection: &Selection,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut sql = sqlx::QueryBuilder::new(format!("select {COLUMNS} from log.event where position > "));
    sql.push_bind(after).push(" and position <= ").push_bind(until);
    if let Some(tenant) = selection.tenant {
        sql.push(" and tenant_id = ").push_bind(tenant);
    }
    if let Some(kind) = &selection.aggregate_type {
        sql.push(" and aggregate_type = ").push_bind(kind);
    }
    if let Some(id) = selection.aggregate_id {
        sql.push(" and aggregate_id = ").push_bind(id);
    }
    if let Some(actor) = &selection.actor {
        sql.push(" and metadata ->> 'actor' = ").push_bind(actor);
    }
    if let Some(kind) = &selection.event_type {
        sql.push(" and event_type = ").push_bind(kind);
    }
    if let Some(from) = selection.from {
        sql.push(" and recorded_at >= ").push_bind(from);
    }
    if let Some(to) = selection.to {
        sql.push(" and recorded_at < ").push_bind(to);
    }
    sql.push(" order by position limit ").push_bind(limit);
    sql.build_query_as().fetch_all(executor).await
}

/// The event at a position.
pub async fn at(executor: impl PgExecutor<'_>, position: i64) -> Result<Option<Recorded>, sqlx::Error> {
    let sql = format!("select {COLUMNS} from log.event where position = $1");
    sqlx::query_as(&sql).bind(position).fetch_optional(executor).await
}

/// The first values that are claimed in a scope, in order.
pub async fn claimed(
    executor: impl PgExecutor<'_>,
    tenant: Uuid,
    scope: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = "select value from log.claim where tenant_id = $1 and scope = $2 order by value limit $3";
    sqlx::query_scalar(sql).bind(tenant).bind(scope).bind(limit).fetch_all(executor).await
}

/// The aggregates that an import wrote to, in the order in which they came into the log.
pub async fn imported(pool: &PgPool, tenant: Uuid, import: Uuid) -> Result<Vec<Imported>, sqlx::Error> {
    sqlx::query_as(include_str!("sql/imported.sql"))
        .bind(tenant)
        .bind(import.to_string())
        .fetch_all(pool)
        .await
}

/// An aggregate that an import wrote to.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Imported {
    /// `<context>.<aggregate>`.
    pub aggregate_type: String,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// Whether its first event came from the import.
    pub created: bool,
    /// Events of it that others wrote.
    pub later: i64,
    /// When the last of these was recorded.
    pub later_at: Option<DateTime<Utc>>,
}

/// The answer kept for an idempotency key.
pub async fn stored_answer(pool: &PgPool, tenant: Uuid, key: &str) -> Result<Option<Stored>, sqlx::Error> {
    let row: Option<(Vec<u8>, Value, i64)> = sqlx::query_as(
        "select request_hash, answer, position from log.idempotency where tenant_id = $1 and key = $2",
    )
    .bind(tenant)
    .bind(key)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|(request_hash, answer, position)| Stored { request_hash, answer, position }))
}
