//! Whether a fold could read what is personal or not: once the person is erased, its rows are the same.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Event, fixtures};
use event_store::Metadata;
use projections::identity::user_list::UserList;
use projections::sales::history::History;
use projections::sales::lead_list::LeadList;
use projections::sales::opportunity_list::OpportunityList;
use projections::{Fact, Projection};
use serde_json::Value;
use uuid::Uuid;

/// The fields that hold personal data, in events of each type of aggregate.
fn personal(aggregate_type: &str) -> &'static [&'static str] {
    match aggregate_type {
        "sales.lead" => &["name", "email", "phone", "summary"],
        "sales.opportunity" => &["summary"],
        "identity.user" => &["name", "email", "from", "to"],
        "identity.session" => &["device"],
        _ => &[],
    }
}

/// The event as it is read once its key is destroyed.
fn erased(event: &Event) -> Event {
    let mut payload = event.encode().unwrap();
    let payload_type = payload["type"].as_str().unwrap().to_owned();
    for (field, value) in payload["data"].as_object_mut().unwrap() {
        // What a user calls a key is their own word for a program.
        let is_of_key = payload_type == "key_issued";
        if !is_of_key && personal(event.aggregate_type()).contains(&field.as_str()) {
            blank(value);
        }
    }
    Event::decode(event.aggregate_type(), payload).unwrap()
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(change) => change.values_mut().for_each(blank),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            *value = Value::Null
        }
    }
}

/// The events as those of one aggregate, in order.
fn facts(events: &[Event]) -> Vec<Fact> {
    let time: DateTime<Utc> = "2026-03-20T09:00:00Z".parse().unwrap();
    let fact = |(sequence, event): (i64, &Event)| Fact {
        position: sequence + 100,
        tenant_id: Uuid::from_u128(1),
        aggregate_type: event.aggregate_type().to_owned(),
        aggregate_id: Uuid::from_u128(2),
        sequence,
        event_id: Uuid::from_u128(sequence.unsigned_abs().into()),
        event_type: event.event_type(),
        event_version: 1,
        payload: event.clone(),
        metadata: Metadata {
            actor: "sam".to_owned(),
            occurred_at: time,
            correlation_id: "test".to_owned(),
            import: None,
            traceparent: None,
        },
        recorded_at: time,
    };
    (1..).zip(events).map(fact).collect()
}

/// The rows that events lead to, each with the position of its last event.
fn rows<P: Projection>(events: &[Event]) -> BTreeMap<Uuid, (i64, Value)> {
    let mut rows: BTreeMap<Uuid, (i64, Option<P::Row>)> = BTreeMap::new();
    for fact in facts(events) {
        for key in P::keys(&fact) {
            let (position, row) = rows.entry(key).or_default();
            P::apply(row, key, &fact).unwrap();
            *position = fact.position;
        }
    }
    let json = |(key, (position, row)): (Uuid, (i64, Option<P::Row>))| {
        Some((key, (position, serde_json::to_value(row?).unwrap())))
    };
    rows.into_iter().filter_map(json).collect()
}

fn assert_same<P: Projection>(events: &[Event], shown: &str) {
    let unread: Vec<Event> = events.iter().map(erased).collect();
    let live = rows::<P>(events);
    assert_eq!(live, rows::<P>(&unread), "{}", P::NAME);
    assert!(!live.is_empty());
    let text = format!("{live:?}");
    for canary in ["Ada", "Grace", "Hopper", "engines.example", "7946", "Friday", "demo"] {
        assert!(!text.contains(canary), "{}: {text}", P::NAME);
    }
    assert!(text.contains(shown), "{}: {text}", P::NAME);
    // Without the last event, the two differ: otherwise this shows nothing.
    let until = events.len() - 1;
    assert_ne!(rows::<P>(&events[..until]), rows::<P>(&unread[..until]), "{}", P::NAME);
}

/// The examples of one aggregate, without those of `but`.
fn examples(aggregate: &str, but: &[&str]) -> Vec<Event> {
    let is_one = |event: &Event| {
        let name = event.event_type();
        name.starts_with(aggregate) && !but.iter().any(|fact| name.ends_with(fact))
    };
    fixtures::all().into_iter().filter(is_one).collect()
}

#[test]
fn rows_of_an_erased_lead_are_the_same_whether_its_events_could_be_read_or_not() {
    let events = examples("lead.", &["withdrawn"]);
    assert_same::<LeadList>(&events, "Example Engines");
    assert_same::<History>(&events, "Example Engines");
}

#[test]
fn the_history_of_a_lead_that_was_taken_back_is_erased_too() {
    let events = examples("lead.", &[]);
    assert_same::<History>(&events, "Import undone");
    assert!(rows::<LeadList>(&events).is_empty());
}

#[test]
fn rows_of_a_deal_whose_people_were_erased_are_the_same_whether_its_events_could_be_read_or_not() {
    assert_same::<History>(&examples("opportunity.", &["withdrawn"]), "Engine no. 2");
    assert_same::<History>(&examples("opportunity.", &[]), "Engine no. 2");
    let list = rows::<OpportunityList>(&examples("opportunity.", &["withdrawn"]));
    assert_eq!(list.len(), 1, "the deal goes on");
}

#[test]
fn the_row_of_an_erased_user_is_the_same_whether_its_events_could_be_read_or_not() {
    assert_same::<UserList>(&examples("user.", &[]), "erased@erased.invalid");
}
