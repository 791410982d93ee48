//! The log as an auditor reads it, page by page.

use axum::http::StatusCode;
use chrono::SecondsFormat;
use domain::fixtures::percent;
use domain::sales::lead::LeadAction;
use edge::Role;
use event_store::{Recorded, fixtures};
use serde_json::{Value, json};

use crate::plan::{at, step};
use crate::world::{World, each};

const URI: &str = "/api/v1/audit/events";

async fn positions(world: &World, query: &str) -> Vec<i64> {
    let uri = format!("{URI}?page_size=200&{query}");
    each(&world.data(&uri).await, "position").iter().filter_map(|position| position.as_i64()).collect()
}

/// Some events, as the log has them, and with what is personal in plain text.
async fn events(world: &World) -> Vec<Recorded> {
    let stages = world.pipeline().await;
    for name in ["Ada", "Grace"] {
        let lead = world.lead(name).await;
        world.tell_lead(lead, at(3, 2, 9), LeadAction::Qualify { score: percent(50) }).await;
    }
    for _ in 0..3 {
        let deal = world.deal(&stages, "Engine").await;
        world.tell_deal(deal, at(3, 2, 9), step(&stages, 0, 1)).await;
    }
    fixtures::opened(world.store.pool()).await.unwrap()
}

#[tokio::test]
async fn an_auditor_sees_events_as_they_lie() {
    let world = World::new().await;
    let events = events(&world).await;
    let reply = world.get_as(Role::Auditor, URI).await;
    assert_eq!(reply.body["meta"]["position"], 11);
    let data = reply.data(URI);
    assert_eq!(data["items"], serde_json::to_value(&events).unwrap());
    assert_eq!(data["items"][1]["payload"]["data"]["name"], "Ada");
}

#[tokio::test]
async fn events_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    let events = events(&world).await;
    let of = |keep: &dyn Fn(&Recorded) -> bool| -> Vec<i64> {
        events.iter().filter(|event| keep(event)).map(|event| event.position).collect()
    };
    let (middle, deal) = (&events[5], &events[7]);
    let time = |event: &Recorded| event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    for (query, expected) in [
        (String::new(), of(&|_| true)),
        ("type=lead.captured".to_owned(), vec![2, 4]),
        ("type=lead.vanished".to_owned(), vec![]),
        ("actor=sam".to_owned(), of(&|_| true)),
        ("actor=kim".to_owned(), vec![]),
        (
            format!("aggregate=sales.opportunity:{}", deal.aggregate_id),
            of(&|e| e.aggregate_id == deal.aggregate_id),
        ),
        (format!("aggregate=sales.lead:{}", deal.aggregate_id), vec![]),
        ("after=3&before=6".to_owned(), vec![4, 5]),
        ("after=9223372036854775807".to_owned(), vec![]),
        ("before=9223372036854775807&after=10".to_owned(), vec![11]),
        ("before=0".to_owned(), vec![]),
        (format!("from={}", time(middle)), of(&|e| e.recorded_at >= middle.recorded_at)),
        (format!("to={}", time(middle)), of(&|e| e.recorded_at < middle.recorded_at)),
        (
            format!("from={}&to={}&type=opportunity.moved", time(middle), time(&events[10])),
            of(&|e| {
                e.recorded_at >= middle.recorded_at
                    && e.recorded_at < events[10].recorded_at
                    && e.event_type == "opportunity.moved"
            }),
        ),
        ("from=9999-12-31T23:59:59Z".to_owned(), vec![]),
        ("to=0001-01-01T00:00:00Z".to_owned(), vec![]),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z".to_owned(), of(&|_| true)),
    ] {
        assert_eq!(positions(&world, &query).await, expected, "{query}");
        let mut reversed = expected;
        reversed.reverse();
        assert_eq!(
            positions(&world, &format!("{query}&sort=-position")).await,
            reversed,
            "{query}, latest first"
        );
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let world = World::new().await;
    let events = events(&world).await;
    for (query, filter) in
        [("", ""), ("sort=-position&", ""), ("type=opportunity.moved&", "opportunity.moved")]
    {
        let mut uri = format!("{URI}?{query}page_size=2");
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let data = world.data(&uri).await;
            assert!(data["items"].as_array().unwrap().len() <= 2);
            seen.extend(each(&data, "position").into_iter().cloned());
            let Some(next) = data["links"]["next"]["href"].as_str() else { break };
            cursor = next.rsplit_once("cursor=").unwrap().1.to_owned();
            uri = next.to_owned();
        }
        let kept = events.iter().filter(|event| filter.is_empty() || event.event_type == filter);
        let mut expected: Vec<Value> = kept.map(|event| json!(event.position)).collect();
        if query.contains('-') {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{query}");
        let foreign = world.get(&format!("{URI}?actor=sam&page_size=2&cursor={cursor}")).await;
        assert_eq!(foreign.bad_fields(), ["cursor"]);
    }
}

#[tokio::test]
async fn the_log_is_for_auditors_and_administrators() {
    let world = World::new().await;
    for role in [Role::SalesManager, Role::SalesRep, Role::Viewer] {
        assert_eq!(world.get_as(role, URI).await.status, StatusCode::FORBIDDEN);
    }
}
