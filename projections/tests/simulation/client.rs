//! Clients that send commands, ask again with the same key until they are answered, and keep a journal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::appender::Appender;
use event_store::{Append, AppendError, Claim, Guard, Idempotency, Kept, NewEvent};
use serde_json::json;
use uuid::Uuid;

use crate::memory::database::{Database, is_open};
use crate::views::REFUSE;

/// The scope of all claims.
const SCOPE: &str = "name";
const AGGREGATE: &str = "sales.opportunity";

/// What was acknowledged: the position of each key, and in which generation of the database.
pub type Journal = Arc<Mutex<BTreeMap<(Uuid, String), i64>>>;

/// The appender of each command process, while it runs.
pub type Doors = Arc<Vec<Mutex<Option<Appender>>>>;

pub struct Client {
    pub name: usize,
    pub database: Arc<Database>,
    pub doors: Doors,
    pub journal: Journal,
    pub tenants: Vec<Uuid>,
}

impl Client {
    /// Sends so many commands, one after the other.
    pub async fn send(self, commands: usize) {
        for number in 0..commands {
            let chance = &self.database.weather.chance;
            tokio::time::sleep(Duration::from_millis(chance.below(1_500))).await;
            let tenant = *chance.one_of(&self.tenants);
            self.until_answered(tenant, &format!("k{}.{number}", self.name)).await;
        }
    }

    async fn until_answered(&self, tenant: Uuid, key: &str) {
        let weather = &self.database.weather;
        for attempt in 0.. {
            let generation = self.database.generation();
            let append = self.decide(tenant, key, attempt);
            weather.pass().await;
            let door = weather.chance.one_of(&self.doors).lock().unwrap().clone();
            let answer = match door {
                Some(appender) => appender.append(append).await,
                None => Err(AppendError::Closed),
            };
            let position = match answer {
                Ok(appended) => appended.position,
                Err(AppendError::Replayed(stored)) => stored.position,
                Err(error) => {
                    weather.hold(if matches!(error, AppendError::Rejected(_)) {
                        Err(format!("{error:?}"))
                    } else {
                        Ok(())
                    });
                    if is_open(&error) {
                        tokio::time::sleep(Duration::from_millis(weather.chance.below(500))).await;
                    }
                    continue;
                }
            };
            // What was answered before the database was put back may be gone with it.
            if self.database.generation() != generation
                && self.database.is_stored(tenant, key) != Some(position)
            {
                continue;
            }
            weather.trace.step(format_args!("acknowledged {key} at {position}"));
            self.journal.lock().unwrap().insert((tenant, key.to_owned()), position);
            return;
        }
    }

    /// One to three events of one or two aggregates, with guards and claims now and then.
    fn decide(&self, tenant: Uuid, key: &str, attempt: usize) -> Append {
        let chance = &self.database.weather.chance;
        let aggregate = |number| Uuid::from_u128(tenant.as_u128() ^ u128::from(1 + number));
        let sequence = |id| {
            let of = (tenant, AGGREGATE.to_owned(), id);
            self.database.look(|state| state.sequences.get(&of).copied().unwrap_or(0))
        };
        let (written, other) = (chance.below(3), chance.below(3));
        let mut append = Append { tenant, ..Append::default() };
        let mut words = vec![key.to_owned(), format!("a{attempt}")];
        if other != written && chance.happens(300) {
            let (id, seen) = (aggregate(other), sequence(aggregate(other)));
            words.push(format!("unmoved:{id}:{seen}"));
            let guard = Guard::Unmoved { aggregate_type: AGGREGATE, aggregate_id: id, sequence: seen };
            append.guards.push(guard);
        }
        let claim = |value| Claim { scope: SCOPE.into(), value: format!("v{value}") };
        match chance.below(10) {
            0 => {
                append.guards.push(Guard::Unclaimed { scope: SCOPE.into() });
                words.push("free".into());
            }
            1..3 => {
                append.claims.push(claim(chance.below(2)));
                words.push(format!("claim:{}", append.claims[0].value));
            }
            3..6 => {
                append.releases.push(claim(chance.below(2)));
                words.push(format!("release:{}", append.releases[0].value));
            }
            _ => {}
        }
        if tenant == self.tenants[1] && chance.happens(30) {
            words.push(REFUSE.into());
        }
        let kind =
            if tenant == self.tenants[2] && chance.happens(30) { "vanished" } else { "activity_logged" };
        let payload = json!({"type": kind, "data": {"kind": "note", "summary": words.join(" ")}}).to_string();
        let id = aggregate(written);
        let before = sequence(id);
        let events = 1 + i64::try_from(chance.below(3)).unwrap();
        append.events.extend((1..=events).map(|step| {
            NewEvent {
                aggregate_type: AGGREGATE,
                aggregate_id: id,
                sequence: before + step,
                event_id: chance.id(),
                event_type: "opportunity.activity_logged".into(),
                event_version: 1,
                payload: payload.clone(),
                metadata:
                    json!({"actor": "sam", "occurred_at": "2026-03-01T00:00:00Z", "correlation_id": key})
                        .to_string(),
            }
        }));
        let row = Idempotency { key: key.into(), request_hash: vec![1], answer: json!(key) };
        append.answers.push(Kept { row, events: i64::try_from(append.events.len()).unwrap() });
        append
    }
}
