//! What one command wants to append, over one or several aggregates.

use cqrs_es::{Aggregate, DomainEvent};
use uuid::Uuid;

use crate::append::{Append, Claim, Guard, Idempotency};
use crate::cache::AggregateCache;
use crate::event::{Metadata, NewEvent};
use crate::store::Loaded;

/// The events of one command, gathered before they are committed together.
pub struct Change {
    append: Append,
    metadata: String,
    outcomes: Vec<Outcome>,
}

/// What to do with the cache once it is known whether the change was appended.
pub(crate) struct Outcome {
    pub(crate) key: (Uuid, &'static str, Uuid),
    pub(crate) keep: Keep,
}

/// Puts the aggregate as it is after the change into the cache, at the position of the change.
type Keep = Box<dyn FnOnce(&AggregateCache, i64) + Send>;

impl Change {
    /// Starts a change of `tenant`; all its events carry the same metadata.
    pub fn new(tenant: Uuid, metadata: &Metadata) -> Result<Self, serde_json::Error> {
        Ok(Self {
            append: Append { tenant, ..Append::default() },
            metadata: serde_json::to_string(metadata)?,
            outcomes: Vec::new(),
        })
    }

    /// Adds what an aggregate decided. Returns the version it will have.
    ///
    /// An aggregate may be recorded once in a change; its events carry on from the sequence it was loaded at.
    pub fn record<A>(&mut self, loaded: &Loaded<A>, events: Vec<A::Event>) -> Result<i64, serde_json::Error>
    where
        A: Aggregate + Clone + 'static,
    {
        if events.is_empty() {
            return Ok(loaded.sequence);
        }
        let mut next = loaded.clone();
        for event in events {
            next.sequence += 1;
            self.append.events.push(NewEvent {
                aggregate_type: A::TYPE,
                aggregate_id: loaded.id,
                sequence: next.sequence,
                event_id: Uuid::now_v7(),
                event_type: event.event_type(),
                event_version: event.event_version().parse().unwrap_or(1),
                payload: serde_json::to_string(&event)?,
                metadata: self.metadata.clone(),
            });
            next.state.apply(event);
        }
        let sequence = next.sequence;
        let key = (loaded.tenant, A::TYPE, loaded.id);
        self.outcomes.push(Outcome {
            key,
            keep: Box::new(move |cache, position| {
                next.position = position;
                cache.put(key, next);
            }),
        });
        Ok(sequence)
    }

    /// Requires that an aggregate which was only read has not moved.
    pub fn rely_on<A: Aggregate>(&mut self, loaded: &Loaded<A>) {
        self.append.guards.push(Guard::Unmoved {
            aggregate_type: A::TYPE,
            aggregate_id: loaded.id,
            sequence: loaded.sequence,
        });
    }

    /// Requires that nothing is claimed in a scope.
    pub fn require_unclaimed(&mut self, scope: String) {
        self.append.guards.push(Guard::Unclaimed { scope });
    }

    /// Claims a value for this tenant.
    pub fn claim(&mut self, claim: Claim) {
        self.append.claims.push(claim);
    }

    /// Gives a claim free.
    pub fn release(&mut self, claim: Claim) {
        self.append.releases.push(claim);
    }

    /// Keeps `row` for a repeated request.
    pub fn answer_again_with(&mut self, row: Idempotency) {
        self.append.idempotency = Some(row);
    }

    /// Whether there is nothing to append.
    pub fn is_empty(&self) -> bool {
        self.append.events.is_empty() && self.append.idempotency.is_none()
    }

    pub(crate) fn into_parts(self) -> (Append, Vec<Outcome>) {
        (self.append, self.outcomes)
    }
}
