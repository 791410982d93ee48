//! What must hold, said a second time and slowly: from the whole log, without the code under test.

use std::collections::{BTreeMap, BTreeSet};

use event_store::Recorded;
use projections::Projection;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::memory::bus::Stream;
use crate::memory::state::{RowKey, State};
use crate::views::{Counted, Listing, REFUSE, Tally};

/// The words of an event: what its command asked for.
pub fn words(event: &Recorded) -> Vec<&str> {
    event.payload["data"]["summary"].as_str().unwrap_or_default().split(' ').collect()
}

/// Whether an event is of the command with this key.
pub fn is_of(event: &Recorded, key: &str) -> bool {
    words(event).first() == Some(&key)
}

fn unreadable(event: &Recorded) -> bool {
    event.payload["type"] != "activity_logged"
}

/// Positions are 1, 2, 3, …, and each aggregate's sequences too.
pub fn log_is_dense(state: &State) -> Result<(), String> {
    let mut sequences: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (expected, (position, event)) in (1..).zip(&state.events) {
        let sequence = sequences.entry(event.aggregate_id).or_default();
        *sequence += 1;
        if (*position, event.sequence) != (expected, *sequence) || !ids.insert(event.event_id) {
            return Err(format!("at {expected} the log has position {position}, {event:?}"));
        }
    }
    if state.events.len() as i64 != state.head {
        return Err(format!("the head is {} and the log has {}", state.head, state.events.len()));
    }
    Ok(())
}

/// The rows of a read model are a fold of the log up to its checkpoint; a tenant stands still at what cannot be folded.
pub fn view_is_a_fold(state: &State, view: &str) -> Result<(), String> {
    let Some(have) = state.views.get(view) else { return Ok(()) };
    let folded: Vec<&Recorded> = state.events.range(..=have.checkpoint).map(|(_, event)| event).collect();
    if folded.len() as i64 != have.checkpoint {
        return Err(format!("{view} is at {}, and the log ends at {}", have.checkpoint, state.head));
    }
    for tenant in folded.iter().map(|event| event.tenant_id).collect::<BTreeSet<_>>() {
        let own = folded.iter().filter(|event| event.tenant_id == tenant);
        let unreadable = own.clone().find(|event| unreadable(event)).map(|event| event.position);
        let refused = own.clone().find(|event| view == Listing::NAME && words(event).contains(&REFUSE));
        let refused = refused.map(|event| event.position);
        let right = match (have.parked.get(&tenant), unreadable, refused) {
            (None, None, None) => true,
            // A refused row stops the tenant where its batch begins, an unreadable event where it is.
            (Some(at), unreadable, refused) => {
                unreadable == Some(*at) || refused.is_some_and(|refused| *at <= refused)
            }
            (None, Some(_), _) | (None, _, Some(_)) => false,
        };
        if !right {
            let parked = have.parked.get(&tenant);
            return Err(format!(
                "{view} stands at {parked:?}; unreadable {unreadable:?}, refused {refused:?}"
            ));
        }
    }
    let stop = |tenant: &Uuid| have.parked.get(tenant).copied().unwrap_or(i64::MAX);
    let rows = rows(view, folded.iter().filter(|event| event.position < stop(&event.tenant_id)));
    if rows != have.rows {
        return Err(format!("{view} at {} has {:?} and not {rows:?}", have.checkpoint, have.rows));
    }
    Ok(())
}

fn rows<'e>(view: &str, events: impl Iterator<Item = &'e &'e Recorded>) -> BTreeMap<RowKey, Value> {
    let mut listed: BTreeMap<RowKey, Vec<(i64, Uuid)>> = BTreeMap::new();
    let mut counted: BTreeMap<RowKey, Counted> = BTreeMap::new();
    for event in events {
        let place = (event.position, event.event_id);
        listed.entry((event.tenant_id, event.aggregate_id)).or_default().push(place);
        counted.entry((event.tenant_id, Uuid::nil())).or_default().add(event.position);
    }
    if view == Tally::NAME {
        return counted.into_iter().map(|(key, row)| (key, json!(row))).collect();
    }
    listed.into_iter().map(|(key, events)| (key, json!({"events": events, "refused": false}))).collect()
}

/// Guards, claims and keys held when their command was appended: nothing slipped in between.
pub fn commands_are_whole(state: &State) -> Result<(), String> {
    let mut sequences: BTreeMap<&str, i64> = BTreeMap::new();
    let mut claims: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    let mut attempts: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    let ids: BTreeMap<i64, String> =
        state.events.iter().map(|(position, event)| (*position, event.aggregate_id.to_string())).collect();
    for event in state.events.values() {
        let words = words(event);
        let (Some(key), Some(attempt)) = (words.first(), words.get(1)) else { continue };
        let known = attempts.get(key).copied();
        let (first, last) = known.unwrap_or((attempt, event.position - 1));
        if first != *attempt || last + 1 != event.position {
            return Err(format!("{key} was appended twice, or in pieces: at {last} and {}", event.position));
        }
        attempts.insert(key, (attempt, event.position));
        if known.is_none() {
            for word in &words[2..] {
                let holds = match word.split(':').collect::<Vec<_>>()[..] {
                    ["claim", value] => claims.insert((event.tenant_id, value)),
                    ["free"] => !claims.iter().any(|(tenant, _)| *tenant == event.tenant_id),
                    ["release", value] => {
                        claims.remove(&(event.tenant_id, value));
                        true
                    }
                    ["unmoved", id, sequence] => {
                        sequences.get(id).copied().unwrap_or(0).to_string() == sequence
                    }
                    _ => true,
                };
                if !holds {
                    return Err(format!("{word} did not hold for {key} at {}", event.position));
                }
            }
        }
        *sequences.entry(&ids[&event.position]).or_default() = event.sequence;
    }
    Ok(())
}

/// The stream ends where the log ends, and each of its messages is the event that has its sequence as position.
pub fn stream_is_a_copy(state: &State, stream: Option<&Stream>) -> Result<(), String> {
    let Some(stream) = stream else { return Err("there is no stream".into()) };
    if stream.last != state.head {
        return Err(format!("the stream ends at {} and the log at {}", stream.last, state.head));
    }
    for (sequence, event) in &stream.messages {
        let there = state.event_id(*sequence);
        if event.position != *sequence || there != Some(event.event_id) {
            return Err(format!("message {sequence} is event {} {}", event.position, event.event_id));
        }
    }
    Ok(())
}
