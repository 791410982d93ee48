//! Tells a process which tokens have ended, by what the log says of users and sessions; and which organisations have changed.
//!
//! The log is asked itself, several times a second, and not NATS, which may be away. Positions are dense and in the order of
//! commits, so whoever asks for what comes after the last one misses nothing.

use std::io;
use std::time::{Duration, Instant};

use cqrs_es::Aggregate as _;
use domain::TenantId;
use domain::identity::custom_role::CustomRole;
use domain::identity::policy::Policy;
use domain::identity::team::Team;
use domain::identity::user::RIGHTS_EVENTS;
use edge::revocation::{REMEMBERED, Revocation};
use edge::{Directory, Revocations};
use sqlx::{FromRow, PgPool};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How often the log is asked.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Events that are read at a time.
const BATCH: i64 = 1_000;
/// The event with which a session ends by itself.
const SESSION_ENDED: &str = "session.ended";
/// The event with which its tokens of before end.
const SESSION_STEPPED_UP: &str = "session.stepped_up";

/// Asks the log until it is dropped.
#[derive(Debug)]
pub struct RightsWatch(JoinHandle<()>);

/// A row of the answer: how long the log is, and an event if there is one.
#[derive(FromRow)]
struct Row {
    head: i64,
    #[sqlx(flatten)]
    event: Event,
}

#[derive(FromRow)]
struct Event {
    position: Option<i64>,
    tenant_id: Option<Uuid>,
    aggregate_type: Option<String>,
    aggregate_id: Option<Uuid>,
    event_type: Option<String>,
    sequence: Option<i64>,
    recorded_at: Option<i64>,
}

impl RightsWatch {
    /// Begins to ask by a connection of [`event_store::Duty::Identity`], and to tell `revocations` and `directory`.
    pub fn start(pool: PgPool, revocations: Revocations, directory: Directory) -> Self {
        Self(tokio::spawn(watch(pool, revocations, directory)))
    }
}

impl Drop for RightsWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(pool: PgPool, revocations: Revocations, directory: Directory) {
    let mut seen = None;
    let mut is_failing = false;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match in_time(look(&pool, &revocations, &directory, &mut seen)).await {
            Ok(()) => is_failing = false,
            // Told once, not five times a second.
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(%error, "cannot tell which tokens have ended; tokens of users are refused meanwhile");
            }
            Err(_) => {}
        }
    }
}

/// A look that takes longer is worth nothing, and its connection is better given up. What it has heard until then stays heard.
async fn in_time(look: impl Future<Output = Result<(), sqlx::Error>>) -> Result<(), sqlx::Error> {
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(done) => done,
        Err(late) => Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late))),
    }
}

/// Reads all that is new.
async fn look(
    pool: &PgPool,
    revocations: &Revocations,
    directory: &Directory,
    seen: &mut Option<i64>,
) -> Result<(), sqlx::Error> {
    loop {
        let after = match *seen {
            Some(seen) => seen,
            None => {
                sqlx::query_scalar(include_str!("sql/remembered.sql"))
                    .bind(REMEMBERED)
                    .fetch_one(pool)
                    .await?
            }
        };
        let looked = Instant::now();
        let rows: Vec<Row> =
            sqlx::query_as(include_str!("sql/rights.sql")).bind(after).bind(BATCH).fetch_all(pool).await?;
        if rows.iter().any(|row| row.head < after) {
            // The database was put back: what it holds now may have other events at the same positions.
            *seen = None;
            directory.forget_all();
            continue;
        }
        let last = rows.iter().filter_map(|row| row.event.position).next_back();
        *seen = Some(last.unwrap_or(after));
        let is_all = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
        rows.iter().filter_map(|row| row.event.organisation()).for_each(|tenant| directory.forget(tenant));
        let found = rows.into_iter().filter_map(|row| row.event.revocation());
        // Only a look that has reached the end says that there is nothing more.
        if is_all {
            revocations.tell(found, looked);
            return Ok(());
        }
        revocations.hear(found, looked);
    }
}

impl Event {
    /// The tenant whose custom roles, teams or policy it changes.
    fn organisation(&self) -> Option<TenantId> {
        let is_one = matches!(self.aggregate_type.as_deref()?, CustomRole::TYPE | Team::TYPE | Policy::TYPE);
        self.tenant_id.filter(|_| is_one).map(TenantId::from_uuid)
    }

    fn revocation(self) -> Option<Revocation> {
        let (tenant, event_type) = (TenantId::from_uuid(self.tenant_id?), self.event_type?);
        match event_type.as_str() {
            SESSION_ENDED => return Some(Revocation::Session { tenant, session: self.aggregate_id? }),
            SESSION_STEPPED_UP => {
                let (session, version) = (self.aggregate_id?, self.sequence?);
                return Some(Revocation::SteppedUp { tenant, session, version });
            }
            _ => {}
        }
        RIGHTS_EVENTS.contains(&event_type.as_str()).then_some(Revocation::User {
            tenant,
            user: self.aggregate_id?,
            version: self.sequence?,
            changed_at: self.recorded_at?,
        })
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::DomainEvent as _;
    use domain::identity::session::fixtures::{ended, stepped_up};

    use super::*;

    #[test]
    fn what_ends_tokens_of_a_session_is_called_what_the_domain_calls_it() {
        assert_eq!(ended().event_type(), SESSION_ENDED);
        assert_eq!(stepped_up().event_type(), SESSION_STEPPED_UP);
    }
}
