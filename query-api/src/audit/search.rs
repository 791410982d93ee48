//! Searching the log in portions, so that no statement is long, however long the log and however rare what is sought.

use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use edge::{Problem, Sight};
use event_store::read::{self, COLUMNS};
use event_store::{Recorded, Upcasters, seal};
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::failure;
use crate::tenant::TenantTransaction;

/// Events that one statement looks at, at most.
const PORTION: i64 = 20_000;

/// What is sought.
#[derive(Clone, Debug, Default)]
pub(super) struct Sought {
    pub(super) aggregate: Option<(String, Uuid)>,
    pub(super) actor: Option<String>,
    pub(super) event_type: Option<String>,
}

impl Sought {
    /// What it is sought by.
    pub(super) fn filters(&self) -> Vec<&'static str> {
        let by = [
            ("aggregate", self.aggregate.is_some()),
            ("actor", self.actor.is_some()),
            ("type", self.event_type.is_some()),
        ];
        by.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}

/// Where it is sought: after one position and before another, beginning at either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) after: i64,
    pub(super) before: i64,
    pub(super) newest_first: bool,
}

/// What was found in a portion, and the span that is left.
pub(super) struct Found {
    pub(super) events: Vec<Recorded<Value>>,
    pub(super) left: Option<Span>,
}

impl Span {
    /// The span that is left once everything up to `position` was looked at, that one included.
    pub(super) fn beyond(self, position: i64) -> Self {
        if self.newest_first {
            Self { before: position.min(self.before), ..self }
        } else {
            Self { after: position.max(self.after), ..self }
        }
    }

    /// The part of it in which events were recorded, from a time on and until before another.
    pub(super) async fn recorded(
        self,
        transaction: &mut TenantTransaction,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let mut span = self;
        if let Some(from) = from {
            span.after = span.after.max(recorded_before(transaction, from).await?);
        }
        if let Some(to) = to {
            span.before = span.before.min(recorded_before(transaction, to).await?.saturating_add(1));
        }
        Ok(span)
    }

    fn push(self, sql: &mut QueryBuilder<'static, Postgres>) {
        sql.push(" where position > ").push_bind(self.after);
        sql.push(" and position < ").push_bind(self.before);
    }

    fn push_order(self, sql: &mut QueryBuilder<'static, Postgres>, limit: i64) {
        sql.push(if self.newest_first { " order by position desc" } else { " order by position" });
        sql.push(" limit ").push_bind(limit);
    }
}

async fn recorded_before(transaction: &mut TenantTransaction, time: DateTime<Utc>) -> Result<i64, Problem> {
    let position: Option<i64> = sqlx::query_scalar(include_str!("recorded_before.sql"))
        .bind(time)
        .fetch_one(transaction.connection())
        .await
        .map_err(failure::database)?;
    Ok(position.unwrap_or_default())
}

/// The end of the log as it is now.
pub(super) async fn head(transaction: &mut TenantTransaction) -> Result<i64, Problem> {
    read::head(transaction.connection()).await.map_err(failure::database)
}

/// Up to `limit` events of the first portion of a span, with their personal data in plain text.
pub(super) async fn portion(
    transaction: &mut TenantTransaction,
    (sought, sight): (&Sought, &Sight),
    span: Span,
    limit: usize,
    upcasters: Upcasters,
) -> Result<Found, sqlx::Error> {
    // The events of one aggregate are few and found by an index of their own.
    let end = match sought.aggregate {
        Some(_) => None,
        None => match end_of_portion(transaction, span).await? {
            Some(end) => Some(end),
            None => return Ok(Found { events: Vec::new(), left: None }),
        },
    };
    let portion = match end {
        Some(end) if span.newest_first => Span { after: end - 1, ..span },
        Some(end) => Span { before: end + 1, ..span },
        None => span,
    };
    let mut sql = QueryBuilder::new(format!("select {COLUMNS} from log.event"));
    portion.push(&mut sql);
    if let Some((aggregate_type, id)) = &sought.aggregate {
        sql.push(" and aggregate_type = ").push_bind(aggregate_type.clone());
        sql.push(" and aggregate_id = ").push_bind(*id);
    }
    if let Some(actor) = &sought.actor {
        sql.push(" and metadata ->> 'actor' = ").push_bind(actor.clone());
    }
    if let Some(event_type) = &sought.event_type {
        sql.push(" and event_type = ").push_bind(event_type.clone());
    }
    portion.push_order(&mut sql, i64::try_from(limit).unwrap_or(i64::MAX));
    let events: Vec<Recorded<Value>> = sql.build_query_as().fetch_all(transaction.connection()).await?;
    let mut events = seal::open(transaction.connection(), events, upcasters).await?;
    events.iter_mut().for_each(|event| hide(event, sight));
    let seen = if events.len() < limit { end } else { events.last().map(|event| event.position) };
    Ok(Found { events, left: seen.map(|position| span.beyond(position)) })
}

/// Leaves out of an event what it says of hidden fields.
fn hide(event: &mut Recorded<Value>, sight: &Sight) {
    let Some(kind) = RecordKind::of_aggregate(&event.aggregate_type).filter(|_| !sight.is_whole()) else {
        return;
    };
    let Some(data) = event.payload.get_mut("data").and_then(Value::as_object_mut) else { return };
    let hidden: Vec<&str> = sight.hidden_somewhere(kind).flat_map(|field| field.in_events).copied().collect();
    data.retain(|name, _| !hidden.contains(&name.as_str()));
}

/// The position at which a portion ends, if there is any event in the span.
async fn end_of_portion(transaction: &mut TenantTransaction, span: Span) -> Result<Option<i64>, sqlx::Error> {
    let end = if span.newest_first { "min" } else { "max" };
    let mut sql = QueryBuilder::new(format!("select {end}(position) from (select position from log.event"));
    span.push(&mut sql);
    span.push_order(&mut sql, PORTION);
    sql.push(") as portion");
    sql.build_query_scalar().fetch_one(transaction.connection()).await
}
