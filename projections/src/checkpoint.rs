//! How far a read model has folded the log, and which tenants of it stand still.

use chrono::{DateTime, Utc};
use event_store::planted::{RUNNER_WITHOUT_POSITIONS, is_planted};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use crate::fold::Stop;

/// The position of the last event a read model has folded; 0 if it has not begun.
pub async fn position(executor: impl PgExecutor<'_>, view: &str) -> Result<i64, sqlx::Error> {
    let position: Option<i64> =
        sqlx::query_scalar("select position from read_model.checkpoint where view = $1")
            .bind(view)
            .fetch_optional(executor)
            .await?;
    Ok(position.unwrap_or(0))
}

/// The position of the last event that any read model has folded.
pub async fn furthest(executor: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(position), 0) from read_model.checkpoint")
        .fetch_one(executor)
        .await
}

/// Makes sure that the read model has a checkpoint, at 0 if it is new.
pub(crate) async fn ensure(executor: impl PgExecutor<'_>, view: &str) -> Result<(), sqlx::Error> {
    sqlx::query("insert into read_model.checkpoint (view, position) values ($1, 0) on conflict do nothing")
        .bind(view)
        .execute(executor)
        .await?;
    Ok(())
}

/// Where a batch takes the checkpoint, and proof that it is of this log.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the checkpoint is before the batch.
    pub from: i64,
    /// The position of the last event.
    pub to: i64,
    /// Position and id of events that the log must have: of all that came from elsewhere, and of the last in any case.
    /// Not of the last alone: a stream may hold one of another history among those of this one.
    pub events: Vec<(i64, Uuid)>,
}

/// Moves the checkpoint if it still is where the batch begins, and the log has the batch's events.
///
/// Returns the tenants that stand still, or `None` if the checkpoint was not moved.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    view: &str,
    target: &Target,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    if is_planted(RUNNER_WITHOUT_POSITIONS) {
        sqlx::query("update read_model.checkpoint set position = $2, moved_at = now() where view = $1")
            .bind(view)
            .bind(target.to)
            .execute(&mut *connection)
            .await?;
        return Ok(Some(parked_tenants(connection, view).await?));
    }
    let (positions, ids): (Vec<i64>, Vec<Uuid>) = target.events.iter().copied().unzip();
    sqlx::query_scalar("select read_model.advance($1, $2, $3, $4, $5)")
        .bind(view)
        .bind(target.from)
        .bind(target.to)
        .bind(positions)
        .bind(ids)
        .fetch_one(connection)
        .await
}

/// Moves the checkpoints of read models that have nothing to fold, each as [`advance`] does, but for those that somebody holds: who
/// holds one keeps no other waiting. Returns those that were moved.
pub(crate) async fn advance_all(
    connection: &mut PgConnection,
    views: &[&str],
    target: &Target,
) -> Result<Vec<String>, sqlx::Error> {
    let (positions, ids): (Vec<i64>, Vec<Uuid>) = target.events.iter().copied().unzip();
    sqlx::query_scalar(include_str!("advance_all.sql"))
        .bind(views)
        .bind(target.from)
        .bind(target.to)
        .bind(positions)
        .bind(ids)
        .fetch_all(connection)
        .await
}

/// The tenants that stand still in a read model.
pub(crate) async fn parked_tenants(
    connection: &mut PgConnection,
    view: &str,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar("select tenant_id from read_model.parked where view = $1")
        .bind(view)
        .fetch_all(connection)
        .await
}

/// Locks the checkpoint until the end of the transaction and tells it: the runner waits meanwhile.
pub(crate) async fn lock(connection: &mut PgConnection, view: &str) -> Result<i64, sqlx::Error> {
    ensure(&mut *connection, view).await?;
    sqlx::query_scalar("select position from read_model.checkpoint where view = $1 for update")
        .bind(view)
        .fetch_one(connection)
        .await
}

/// A tenant whose rows of a read model stand still.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Parked {
    /// The read model.
    pub view: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The event that could not be folded.
    pub position: i64,
    /// Its type.
    pub event_type: String,
    /// Why.
    pub error: String,
    /// Since when.
    pub parked_at: DateTime<Utc>,
}

/// All tenants that stand still, of all read models.
pub async fn parked(executor: impl PgExecutor<'_>) -> Result<Vec<Parked>, sqlx::Error> {
    sqlx::query_as(
        "select view, tenant_id, position, event_type, error, parked_at from read_model.parked
         order by view, position",
    )
    .fetch_all(executor)
    .await
}

/// Where a tenant stands still in a read model, if it does.
pub(crate) async fn parked_tenant(
    connection: &mut PgConnection,
    view: &str,
    tenant: Uuid,
) -> Result<Option<Parked>, sqlx::Error> {
    sqlx::query_as(
        "select view, tenant_id, position, event_type, error, parked_at from read_model.parked
         where view = $1 and tenant_id = $2",
    )
    .bind(view)
    .bind(tenant)
    .fetch_optional(connection)
    .await
}

/// Lets a tenant go on, and tells where it stood.
pub(crate) async fn unpark(
    connection: &mut PgConnection,
    view: &str,
    tenant: Uuid,
) -> Result<Option<Parked>, sqlx::Error> {
    sqlx::query_as(
        "delete from read_model.parked where view = $1 and tenant_id = $2
         returning view, tenant_id, position, event_type, error, parked_at",
    )
    .bind(view)
    .bind(tenant)
    .fetch_optional(connection)
    .await
}

/// Records where tenants stopped.
pub(crate) async fn park(
    connection: &mut PgConnection,
    view: &str,
    stops: &[Stop],
) -> Result<(), sqlx::Error> {
    if stops.is_empty() {
        return Ok(());
    }
    for stop in stops {
        // Without the causes: those repeat what is in the event, which may be about a person.
        tracing::error!(
            view,
            tenant = %stop.tenant,
            position = stop.position,
            event_type = stop.event_type,
            error = %stop.error,
            "an event could not be folded: the tenant's rows of this read model stand still; read_model.parked tells why"
        );
    }
    sqlx::query(
        "insert into read_model.parked (view, tenant_id, position, event_type, error)
         select $1, p.* from unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[]) as p
         on conflict (tenant_id, view) do update
             set position = excluded.position, event_type = excluded.event_type, error = excluded.error,
                 parked_at = now()",
    )
    .bind(view)
    .bind(stops.iter().map(|stop| stop.tenant).collect::<Vec<_>>())
    .bind(stops.iter().map(|stop| stop.position).collect::<Vec<_>>())
    .bind(stops.iter().map(|stop| stop.event_type.as_str()).collect::<Vec<_>>())
    .bind(stops.iter().map(|stop| chain(&stop.error)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// An error with all its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Whether somebody was erased by an event after a position.
pub(crate) async fn is_before_an_erasure(
    connection: &mut PgConnection,
    position: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from identity.person_key where erased_at > $1)")
        .bind(position)
        .fetch_one(connection)
        .await
}
