//! Tells a process which tokens have ended, by what the log says of users and sessions.
//!
//! The log is asked itself, several times a second, and not NATS, which may be away. Positions are dense and in the order of
//! commits, so whoever asks for what comes after the last one misses nothing.

use std::time::{Duration, Instant};

use domain::TenantId;
use domain::identity::user::RIGHTS_EVENTS;
use edge::Revocations;
use edge::revocation::{REMEMBERED, Revocation};
use event_store::within_reason;
use sqlx::{FromRow, PgPool};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How often the log is asked.
const INTERVAL: Duration = Duration::from_millis(200);
/// Events that are read at a time.
const BATCH: i64 = 1_000;
/// The event with which a session ends by itself.
const SESSION_ENDED: &str = "session.ended";

/// Asks the log until it is dropped.
#[derive(Debug)]
pub struct RightsWatch(JoinHandle<()>);

#[derive(FromRow)]
struct Event {
    position: i64,
    tenant_id: Uuid,
    aggregate_id: Uuid,
    event_type: String,
    sequence: i64,
    recorded_at: i64,
}

impl RightsWatch {
    /// Begins to ask by a connection of [`event_store::Duty::Identity`], and to tell `revocations`.
    pub fn start(pool: PgPool, revocations: Revocations) -> Self {
        Self(tokio::spawn(watch(pool, revocations)))
    }
}

impl Drop for RightsWatch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(pool: PgPool, revocations: Revocations) {
    let mut seen = None;
    let mut is_failing = false;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match within_reason(look(&pool, &revocations, &mut seen)).await {
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

/// Reads all that is new.
async fn look(pool: &PgPool, revocations: &Revocations, seen: &mut Option<i64>) -> Result<(), sqlx::Error> {
    let mut after = match *seen {
        Some(seen) => seen,
        None => {
            sqlx::query_scalar(include_str!("sql/remembered.sql")).bind(REMEMBERED).fetch_one(pool).await?
        }
    };
    loop {
        let looked = Instant::now();
        let events: Vec<Event> =
            sqlx::query_as(include_str!("sql/rights.sql")).bind(after).bind(BATCH).fetch_all(pool).await?;
        after = events.last().map_or(after, |last| last.position);
        *seen = Some(after);
        let is_all = i64::try_from(events.len()).is_ok_and(|count| count < BATCH);
        let found = events.iter().filter_map(Event::revocation);
        // Only a look that has reached the end says that there is nothing more.
        if is_all {
            revocations.tell(found, looked);
            return Ok(());
        }
        revocations.hear(found, looked);
    }
}

impl Event {
    fn revocation(&self) -> Option<Revocation> {
        let tenant = TenantId::from_uuid(self.tenant_id);
        if self.event_type == SESSION_ENDED {
            return Some(Revocation::Session { tenant, session: self.aggregate_id });
        }
        RIGHTS_EVENTS.contains(&self.event_type.as_str()).then_some(Revocation::User {
            tenant,
            user: self.aggregate_id,
            version: self.sequence,
            changed_at: self.recorded_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::DomainEvent as _;
    use domain::identity::session::{EndReason, SessionEvent};

    use super::*;

    #[test]
    fn the_end_of_a_session_is_called_what_the_domain_calls_it() {
        assert_eq!(SessionEvent::Ended { reason: EndReason::Reused }.event_type(), SESSION_ENDED);
    }
}
