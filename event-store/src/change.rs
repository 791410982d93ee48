//! What one command wants to append, over one or several aggregates.

use std::any::Any;
use std::sync::Arc;

use cqrs_es::{Aggregate, DomainEvent};
use uuid::Uuid;

use crate::append::{Append, Claim, Guard, Idempotency, Kept};
use crate::appender::count;
use crate::cache::AggregateCache;
use crate::event::{Metadata, NewEvent};
use crate::seal::{Key, Sealer, Stream};
use crate::store::Loaded;

/// The events of one command, gathered before they are committed together.
pub struct Change {
    pub(crate) append: Append,
    metadata: String,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) keys: Vec<NewKey>,
    /// What its aggregates become, for what is decided on top of it; nothing if nothing will be.
    pub(crate) states: Option<Vec<State>>,
}

/// An aggregate as it is after a change that is not appended yet.
pub(crate) struct State {
    pub(crate) key: (&'static str, Uuid),
    pub(crate) loaded: Arc<dyn Any + Send + Sync>,
}

/// The key of a stream that had none before the change.
pub(crate) struct NewKey {
    pub(crate) aggregate_type: &'static str,
    pub(crate) aggregate_id: Uuid,
    pub(crate) person: Uuid,
    pub(crate) key: Key,
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
            keys: Vec::new(),
            states: None,
        })
    }

    /// The same, to be joined with others ([`crate::Joint`]).
    #[must_use]
    pub fn to_be_joined(mut self) -> Self {
        self.states = Some(Vec::new());
        self
    }

    /// Adds what an aggregate decided. Returns the version it will have. What its events say of people is of one person, whose
    /// id is that of the aggregate.
    ///
    /// An aggregate may be recorded once in a change; its events carry on from the sequence it was loaded at.
    pub fn record<A>(&mut self, loaded: &Loaded<A>, events: Vec<A::Event>) -> Result<i64, serde_json::Error>
    where
        A: Aggregate + Clone + 'static,
    {
        self.record_about(loaded.id, loaded, events)
    }

    /// The same for an aggregate of another id than the person whom its events tell of.
    pub fn record_about<A>(
        &mut self,
        person: Uuid,
        loaded: &Loaded<A>,
        events: Vec<A::Event>,
    ) -> Result<i64, serde_json::Error>
    where
        A: Aggregate + Clone + 'static,
    {
        if events.is_empty() {
            return Ok(loaded.sequence);
        }
        let mut next = loaded.clone();
        let stream = Stream { tenant: loaded.tenant, aggregate_type: A::TYPE, aggregate_id: loaded.id };
        let mut sealer = Sealer::new(stream, loaded.key.clone());
        for event in events {
            let event_id = Uuid::now_v7();
            next.sequence += 1;
            next.last_event = Some(event_id);
            let payload = sealer.seal(event_id, &event)?;
            self.append.events.push(NewEvent {
                aggregate_type: A::TYPE,
                aggregate_id: loaded.id,
                sequence: next.sequence,
                event_id,
                event_type: event.event_type(),
                event_version: event.event_version().parse().unwrap_or(1),
                payload,
                metadata: self.metadata.clone(),
            });
            next.state.apply(event);
        }
        next.key = sealer.into_key();
        if let (Some(key), None) = (&next.key, &loaded.key) {
            let (aggregate_type, aggregate_id) = (A::TYPE, loaded.id);
            self.keys.push(NewKey { aggregate_type, aggregate_id, person, key: key.clone() });
        }
        if let Some(states) = &mut self.states {
            states.push(State { key: (A::TYPE, loaded.id), loaded: Arc::new(next.clone()) });
        }
        let sequence = next.sequence;
        let key = (loaded.tenant, A::TYPE, loaded.id);
        self.outcomes.push(Outcome {
            key,
            keep: Box::new(move |cache, position| {
                next.position = position;
                cache.put(next);
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

    /// Destroys the keys of a person, once this is appended: what they sealed can never be read again.
    pub fn erase(&mut self, person: Uuid) {
        self.append.erased.push(person);
    }

    /// Keeps `row` for a repeated request. Nothing is recorded after that.
    pub fn answer_again_with(&mut self, row: Idempotency) {
        self.append.answers = vec![Kept { row, events: count(&self.append) }];
    }

    /// Whether there is nothing to append.
    pub fn is_empty(&self) -> bool {
        self.append.events.is_empty() && self.append.answers.is_empty()
    }

    pub(crate) fn into_parts(self) -> (Append, Vec<NewKey>, Vec<Outcome>) {
        (self.append, self.keys, self.outcomes)
    }
}
