//! Changes that were decided on top of each other, and go into one append: all of them or none.
//!
//! Commands that all move one aggregate would else wait for one commit after the other. Whoever decides on what is not in the log
//! yet shares the fate of those before, so nothing is ever built on what the log did not take.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::Aggregate;
use uuid::Uuid;

use crate::append::{Append, Appended, Guard, Kept};
use crate::appender::count;
use crate::change::{Change, State};
use crate::event::NewEvent;
use crate::store::Loaded;

/// Changes of one tenant that are appended together. Starts empty.
#[derive(Default)]
pub struct Joint {
    change: Option<Change>,
    states: HashMap<(&'static str, Uuid), Arc<dyn Any + Send + Sync>>,
}

/// Where in a [`Joint`] a change is: how many events the append has until its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(i64);

impl Joint {
    /// Whether nothing has joined.
    pub fn is_empty(&self) -> bool {
        self.change.is_none()
    }

    /// What an aggregate of `tenant` becomes by what has joined; nothing if that does not move it.
    pub fn state<A>(&self, tenant: Uuid, id: Uuid) -> Option<Arc<Loaded<A>>>
    where
        A: Aggregate + 'static,
    {
        let loaded: Arc<Loaded<A>> = self.states.get(&(A::TYPE, id)).cloned()?.downcast().ok()?;
        (loaded.tenant == tenant).then_some(loaded)
    }

    /// Adds a change, if it was decided on what has joined, and can be in one append with it.
    ///
    /// # Errors
    /// The change, if it cannot.
    pub fn join(&mut self, mut next: Change) -> Result<Place, Box<Change>> {
        let states = next.states.take().unwrap_or_default();
        let joined = match self.change.take() {
            None => next,
            Some(first) if carries_on(&first.append, &next.append) => first.with(next),
            Some(first) => {
                self.change = Some(first);
                next.states = Some(states);
                return Err(Box::new(next));
            }
        };
        self.states.extend(states.into_iter().map(|State { key, loaded }| (key, loaded)));
        let place = Place(count(&joined.append));
        self.change = Some(joined);
        Ok(place)
    }

    /// What has joined, as one change. It is empty from then on.
    pub fn take(&mut self) -> Option<Change> {
        self.states.clear();
        self.change.take()
    }
}

impl Place {
    /// Where the change at this place went, if `all` went there, whose last change is at `last`.
    pub fn of(self, all: Appended, last: Self) -> Appended {
        Appended { position: all.position - (last.0 - self.0), ..all }
    }
}

impl Change {
    fn with(mut self, next: Self) -> Self {
        let before = count(&self.append);
        let commands = next.append.commands();
        let Append { tenant: _, events, guards, claims, releases, answers, keys, erased, joined: _ } =
            next.append;
        self.append.joined += commands;
        self.append.events.extend(events);
        for guard in guards {
            // Many rely on the same.
            if !self.append.guards.contains(&guard) {
                self.append.guards.push(guard);
            }
        }
        self.append.claims.extend(claims);
        self.append.releases.extend(releases);
        for mut kept in answers {
            kept.events += before;
            self.append.answers.push(kept);
        }
        self.append.keys.extend(keys);
        self.append.erased.extend(erased);
        self.outcomes.extend(next.outcomes);
        self.keys.extend(next.keys);
        self
    }
}

/// Whether `next` can be in one append after `first`. Guards are checked before any of it is written, and so are the unique keys of
/// the log: what one gives free, the other cannot claim.
fn carries_on(first: &Append, next: &Append) -> bool {
    let last: HashMap<_, _> = first.events.iter().map(|event| (stream(event), event.sequence)).collect();
    let mut begins = HashMap::new();
    for event in &next.events {
        begins.entry(stream(event)).or_insert(event.sequence);
    }
    let follows = |(stream, sequence): (&Stream, &i64)| match last.get(stream) {
        Some(last) => last + 1 == *sequence,
        None => !relies_on(first, *stream),
    };
    let holds = |guard: &Guard| match guard {
        Guard::Unmoved { aggregate_type, aggregate_id, .. } => {
            !last.contains_key(&(*aggregate_type, *aggregate_id))
        }
        Guard::Unclaimed { scope } => !has_claim_in(first, scope),
    };
    let is_empty_still = |guard: &Guard| match guard {
        Guard::Unmoved { .. } => true,
        Guard::Unclaimed { scope } => !has_claim_in(next, scope),
    };
    let own = |claim| !first.claims.contains(claim) && !first.releases.contains(claim);
    let key = |kept: &Kept| first.answers.iter().all(|other| other.row.key != kept.row.key);
    first.tenant == next.tenant
        && first.erased.is_empty()
        && next.erased.is_empty()
        && begins.iter().all(follows)
        && next.guards.iter().all(holds)
        && first.guards.iter().all(is_empty_still)
        && next.claims.iter().chain(&next.releases).all(own)
        && next.answers.iter().all(key)
}

type Stream = (&'static str, Uuid);

fn stream(event: &NewEvent) -> Stream {
    (event.aggregate_type, event.aggregate_id)
}

fn relies_on(append: &Append, (of_type, id): Stream) -> bool {
    append.guards.iter().any(|guard| match guard {
        Guard::Unmoved { aggregate_type, aggregate_id, .. } => {
            (*aggregate_type, *aggregate_id) == (of_type, id)
        }
        Guard::Unclaimed { .. } => false,
    })
}

fn has_claim_in(append: &Append, scope: &str) -> bool {
    append.claims.iter().chain(&append.releases).any(|claim| claim.scope == scope)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::json;

    use super::*;
    use crate::append::testing::{unmoved, writes};
    use crate::append::{Claim, Idempotency};

    fn relying_on(id: u128, append: Append) -> Append {
        Append { guards: vec![unmoved(id)], ..append }
    }

    fn finding_empty(scope: &str, append: Append) -> Append {
        Append { guards: vec![Guard::Unclaimed { scope: scope.into() }], ..append }
    }

    fn claim(value: &str) -> Vec<Claim> {
        vec![Claim { scope: "number".into(), value: value.into() }]
    }

    fn change(append: Append) -> Change {
        let metadata = crate::Metadata {
            actor: "sam".into(),
            occurred_at: Utc::now(),
            correlation_id: "c".into(),
            import: None,
            traceparent: None,
        };
        let mut change = Change::new(Uuid::nil(), &metadata).unwrap().to_be_joined();
        change.append = append;
        change
    }

    fn answered(key: &str, append: Append) -> Append {
        let row = Idempotency { key: key.into(), request_hash: Vec::new(), answer: json!({}) };
        let events = count(&append);
        Append { answers: vec![Kept { row, events }], ..append }
    }

    #[test]
    fn what_carries_on_joins_in_order() {
        let mut joint = Joint::default();
        assert!(joint.is_empty());
        let places: Vec<Place> = [
            answered("a", relying_on(9, writes(1, 5))),
            answered("b", relying_on(9, writes(1, 6))),
            answered("c", writes(2, 1)),
        ]
        .map(|append| joint.join(change(append)).ok().unwrap())
        .into();
        let append = joint.take().unwrap().append;
        assert!(joint.is_empty() && joint.take().is_none());
        let sequences: Vec<i64> = append.events.iter().map(|event| event.sequence).collect();
        assert_eq!((sequences, append.guards.len(), append.commands()), (vec![5, 6, 1], 1, 3));
        let answers: Vec<_> =
            append.answers.iter().map(|kept| (kept.row.key.as_str(), kept.events)).collect();
        assert_eq!(answers, [("a", 1), ("b", 2), ("c", 3)]);
        let all = Appended { position: 100, recorded_at: Utc::now() };
        let positions: Vec<i64> = places.iter().map(|place| place.of(all, places[2]).position).collect();
        assert_eq!(positions, [98, 99, 100]);
    }

    #[test]
    fn what_cannot_be_in_one_append_does_not_join() {
        let claiming = |value: &str, append| Append { claims: claim(value), ..append };
        let releasing = |value: &str, append| Append { releases: claim(value), ..append };
        let of_another_tenant = Append { tenant: Uuid::from_u128(7), ..writes(2, 1) };
        let erasing = Append { erased: vec![Uuid::nil()], ..writes(2, 1) };
        for (name, first, next) in [
            ("it saw what was before", writes(1, 5), writes(1, 5)),
            ("it saw more than there is", writes(1, 5), writes(1, 7)),
            ("it moves what is relied on", relying_on(2, writes(1, 5)), writes(2, 2)),
            ("it relies on what moves", writes(1, 5), relying_on(1, writes(2, 1))),
            ("it claims what is claimed", claiming("1", writes(1, 5)), claiming("1", writes(2, 1))),
            ("it claims what is given free", releasing("1", writes(1, 5)), claiming("1", writes(2, 1))),
            (
                "it finds a scope empty that is not",
                claiming("1", writes(1, 5)),
                finding_empty("number", writes(2, 1)),
            ),
            (
                "it fills what is to be empty",
                finding_empty("number", writes(1, 5)),
                claiming("1", writes(2, 1)),
            ),
            ("it has the same key", answered("a", writes(1, 5)), answered("a", writes(2, 1))),
            ("it is of another tenant", writes(1, 5), of_another_tenant),
            ("it erases somebody", writes(1, 5), erasing.clone()),
            ("somebody is erased", erasing, writes(1, 5)),
        ] {
            let mut joint = Joint::default();
            assert!(joint.join(change(first)).is_ok(), "{name}");
            assert!(joint.join(change(next)).is_err(), "{name}");
            assert_eq!(joint.take().unwrap().append.events.len(), 1, "{name}");
        }
        let mut joint = Joint::default();
        assert!(joint.join(change(claiming("1", writes(1, 5)))).is_ok());
        assert!(joint.join(change(claiming("2", writes(1, 6)))).is_ok());
    }
}
