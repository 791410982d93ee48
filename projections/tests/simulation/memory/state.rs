//! What the database holds: plain values, copied for a backup.

use std::collections::{BTreeMap, BTreeSet};

use event_store::{Append, Claim, Guard, Kept, Recorded, Stored};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::refused;

/// Tenant and id of a row.
pub type RowKey = (Uuid, Uuid);

/// A read model.
#[derive(Clone, Default)]
pub struct View {
    pub checkpoint: i64,
    pub rows: BTreeMap<RowKey, Value>,
    /// Tenants that stand still, with the event that stopped them.
    pub parked: BTreeMap<Uuid, i64>,
}

/// The log and the read models.
#[derive(Clone, Default)]
pub struct State {
    pub head: i64,
    pub events: BTreeMap<i64, Recorded>,
    pub sequences: BTreeMap<(Uuid, String, Uuid), i64>,
    pub answers: BTreeMap<(Uuid, String), (Vec<u8>, Value, i64)>,
    pub claims: BTreeSet<(Uuid, String, String)>,
    pub views: BTreeMap<String, View>,
}

impl State {
    /// The numbers of the commands whose guards do not hold.
    pub fn failed_guards(&self, batch: &[Append]) -> Vec<usize> {
        let fails = |append: &Append| {
            append.guards.iter().any(|guard| match guard {
                Guard::Unmoved { aggregate_type, aggregate_id, sequence } => {
                    let key = (append.tenant, (*aggregate_type).to_owned(), *aggregate_id);
                    self.sequences.get(&key).copied().unwrap_or(0) != *sequence
                }
                Guard::Unclaimed { scope } => {
                    self.claims.iter().any(|(tenant, held, _)| *tenant == append.tenant && held == scope)
                }
            })
        };
        (0..batch.len()).filter(|number| fails(&batch[*number])).collect()
    }

    /// Takes all of the batch or, if a constraint refuses one of its rows, nothing.
    pub fn append(&mut self, base: i64, batch: &[Append], unique: bool) -> Result<(), sqlx::Error> {
        let mut after = Self {
            head: self.head,
            events: BTreeMap::new(),
            sequences: BTreeMap::new(),
            answers: BTreeMap::new(),
            claims: self.claims.clone(),
            views: BTreeMap::new(),
        };
        let mut position = base;
        // As in the statement: what is released is seen by the unique index only once it is committed.
        for append in batch {
            let before = position;
            for event in &append.events {
                position += 1;
                let key = (append.tenant, event.aggregate_type.to_owned(), event.aggregate_id);
                let last =
                    after.sequences.get(&key).or_else(|| self.sequences.get(&key)).copied().unwrap_or(0);
                if event.sequence > last + 1 {
                    return Err(refused("event_sequence_is_positive"));
                }
                if event.sequence <= last {
                    return Err(refused("event_sequence_key"));
                }
                after.sequences.insert(key, event.sequence);
                after.events.insert(position, recorded(position, append, event));
            }
            for Kept { row, events } in &append.answers {
                let key = (append.tenant, row.key.clone());
                if unique && (self.answers.contains_key(&key) || after.answers.contains_key(&key)) {
                    return Err(refused("idempotency_key"));
                }
                after.answers.insert(key, (row.request_hash.clone(), row.answer.clone(), before + events));
            }
            for claim in &append.claims {
                if !after.claims.insert(claimed(append.tenant, claim)) {
                    return Err(refused("claim_key"));
                }
            }
        }
        for append in batch {
            for claim in &append.releases {
                after.claims.remove(&claimed(append.tenant, claim));
            }
        }
        self.head = self.head.max(position);
        self.events.append(&mut after.events);
        self.sequences.append(&mut after.sequences);
        self.answers.append(&mut after.answers);
        self.claims = after.claims;
        Ok(())
    }

    /// Up to `limit` events after a position.
    pub fn after(&self, position: i64, limit: i64) -> Vec<Recorded> {
        let limit = usize::try_from(limit).unwrap();
        self.events.range(position + 1..).take(limit).map(|(_, event)| event.clone()).collect()
    }

    pub fn event_id(&self, position: i64) -> Option<Uuid> {
        self.events.get(&position).map(|event| event.event_id)
    }

    pub fn answer(&self, tenant: Uuid, key: &str) -> Option<Stored> {
        let (request_hash, answer, position) = self.answers.get(&(tenant, key.to_owned()))?.clone();
        Some(Stored { request_hash, answer, position })
    }
}

pub fn claimed(tenant: Uuid, claim: &Claim) -> (Uuid, String, String) {
    (tenant, claim.scope.clone(), claim.value.clone())
}

fn recorded(position: i64, append: &Append, event: &event_store::NewEvent) -> Recorded {
    serde_json::from_value(json!({
        "position": position,
        "tenant_id": append.tenant,
        "aggregate_type": event.aggregate_type,
        "aggregate_id": event.aggregate_id,
        "sequence": event.sequence,
        "event_id": event.event_id,
        "event_type": event.event_type,
        "event_version": event.event_version,
        "payload": serde_json::from_str::<Value>(&event.payload).unwrap(),
        "metadata": serde_json::from_str::<Value>(&event.metadata).unwrap(),
        "recorded_at": "2026-03-01T00:00:00Z",
    }))
    .unwrap()
}
