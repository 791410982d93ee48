//! Writing a batch to PostgreSQL, in one statement.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;

use super::batch::count;
use super::port::{Failure, Log, Written};
use crate::append::{Append, Claim, Guard, Stored};
use crate::database::{measured, within_reason};
use crate::planted::{self, APPENDER_WITHOUT_GATE, IDEMPOTENCY_APART, is_planted};
use crate::read;
use crate::sessions::Sessions;

/// The log, and the connections on which it is written: one for each batch under way.
pub(crate) struct Postgres {
    pool: PgPool,
    sessions: Sessions,
}

impl Postgres {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { sessions: Sessions::like(&pool), pool }
    }

    async fn write_on_a_session(&self, batch: &[&Append]) -> Result<Written, Failure> {
        let mut session = measured("commands", self.sessions.take()).await?;
        let written = write(&mut session, batch).await;
        if !matches!(written, Err(Failure::Unavailable(_))) {
            self.sessions.give_back(session);
        }
        written
    }
}

impl Log for Postgres {
    async fn write(&self, batch: &[&Append]) -> Result<Written, Failure> {
        // A connection whose server has gone without a word must not hold up all writers.
        let written = within_reason(async { Ok(self.write_on_a_session(batch).await) });
        let written = written.await.unwrap_or_else(|late| Err(Failure::Unavailable(late)))?;
        if is_planted(IDEMPOTENCY_APART) {
            planted::keep_answers(&self.pool, batch, written.base).await?;
        }
        Ok(written)
    }

    async fn stored_answer(&self, tenant: Uuid, key: &str) -> Result<Option<Stored>, sqlx::Error> {
        read::stored_answer(&self.pool, tenant, key).await
    }

    async fn taken(&self, tenant: Uuid, claims: &[Claim]) -> Result<Option<Claim>, sqlx::Error> {
        taken(&self.pool, tenant, claims).await
    }
}

async fn write(connection: &mut PgConnection, batch: &[&Append]) -> Result<Written, Failure> {
    if batch.iter().all(|append| append.guards.is_empty() && append.erased.is_empty()) {
        return Ok(insert(connection, batch).await?);
    }
    let mut transaction = connection.begin().await?;
    if !is_planted(APPENDER_WITHOUT_GATE) {
        sqlx::query("select from log.enter()").execute(&mut *transaction).await?;
    }
    let failed = failed_guards(&mut transaction, batch).await?;
    if !failed.is_empty() {
        transaction.rollback().await?;
        return Err(Failure::Guards(failed));
    }
    match insert_and_destroy(&mut transaction, batch).await {
        Ok(written) => {
            transaction.commit().await?;
            Ok(written)
        }
        Err(error) => {
            transaction.rollback().await?;
            Err(error.into())
        }
    }
}

async fn failed_guards(
    connection: &mut PgConnection,
    batch: &[&Append],
) -> Result<HashSet<usize>, sqlx::Error> {
    let mut unmoved = (vec![], vec![], vec![], vec![], vec![]);
    let mut unclaimed = (vec![], vec![], vec![]);
    for (number, append) in (0_i64..).zip(batch) {
        for guard in &append.guards {
            match guard {
                Guard::Unmoved { aggregate_type, aggregate_id, sequence } => {
                    unmoved.0.push(number);
                    unmoved.1.push(append.tenant);
                    unmoved.2.push(*aggregate_type);
                    unmoved.3.push(*aggregate_id);
                    unmoved.4.push(*sequence);
                }
                Guard::Unclaimed { scope } => {
                    unclaimed.0.push(number);
                    unclaimed.1.push(append.tenant);
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
    fn of(batch: &'a [&'a Append], claims: impl Fn(&'a Append) -> &'a [Claim]) -> Self {
        let mut columns = Self::default();
        for append in batch {
            for claim in claims(append) {
                columns.tenants.push(append.tenant);
                columns.scopes.push(&claim.scope);
                columns.values.push(&claim.value);
            }
        }
        columns
    }
}

async fn insert(connection: &mut PgConnection, batch: &[&Append]) -> Result<Written, sqlx::Error> {
    let events = || batch.iter().flat_map(|append| append.events.iter());
    let keys = || batch.iter().flat_map(|append| append.keys.iter().map(|key| (append.tenant, key)));
    let tenants: Vec<Uuid> =
        batch.iter().flat_map(|append| append.events.iter().map(|_| append.tenant)).collect();
    let mut before = 0;
    let mut keyed = Vec::new();
    for append in batch {
        if !is_planted(IDEMPOTENCY_APART) {
            let answers = append.answers.iter();
            keyed.extend(answers.map(|kept| (append.tenant, &kept.row, before + kept.events)));
        }
        before += count(append);
    }
    let released = Claims::of(batch, |append| &append.releases);
    let claimed = Claims::of(batch, |append| &append.claims);
    let (base, recorded_at, _): (i64, DateTime<Utc>, bool) = sqlx::query_as(planted::append_sql())
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
        .bind(follows(batch))
        .bind(keys().map(|(tenant, _)| tenant).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.aggregate_type).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.aggregate_id).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.person).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.tenant_key).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.wrapped.as_slice()).collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
    Ok(Written { base, recorded_at })
}

async fn insert_and_destroy(
    connection: &mut PgConnection,
    batch: &[&Append],
) -> Result<Written, sqlx::Error> {
    let written = insert(connection, batch).await?;
    destroy(connection, batch, written.base).await?;
    Ok(written)
}

/// Destroys the keys of the persons whom the batch erases: together with the events that tell it, or not at all.
async fn destroy(connection: &mut PgConnection, batch: &[&Append], base: i64) -> Result<(), sqlx::Error> {
    let (mut tenants, mut persons, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let mut position = base;
    for append in batch {
        position += count(append);
        for person in &append.erased {
            tenants.push(append.tenant);
            persons.push(*person);
            positions.push(position);
        }
    }
    if persons.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("../sql/destroy.sql"))
        .bind(tenants)
        .bind(persons)
        .bind(positions)
        .execute(connection)
        .await?;
    Ok(())
}

/// For each event, whether it is the first of its aggregate or comes right after one of the same command.
fn follows(batch: &[&Append]) -> Vec<bool> {
    let mut follows = Vec::new();
    for append in batch {
        let mut last = HashMap::new();
        for event in &append.events {
            let before = last.insert((event.aggregate_type, event.aggregate_id), event.sequence);
            follows.push(before.unwrap_or(0) + 1 == event.sequence);
        }
    }
    follows
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
