//! Answers that are given again: to whom, and until when.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use domain::TenantId;
use domain::sales::lead::LeadAction;
use edge::Role;
use projections::rebuild::{Then, rebuild};
use projections::resume::{Resumed, resume};
use projections::{ReadModel, registry};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;
use uuid::Uuid;

use crate::plan::{at, new_deal, new_id, new_lead, open};
use crate::world::{Reply, World};

fn leads() -> ReadModel {
    registry().into_iter().find(|model| model.name() == "sales_lead_list").unwrap()
}

async fn owner(world: &World) -> PgConnection {
    PgConnection::connect(world.database.url()).await.unwrap()
}

async fn execute(world: &World, sql: &str) {
    sqlx::query(sql).execute(&world.database.pool()).await.unwrap();
}

/// Asks until an answer is as it should be, which must not take long.
async fn until(world: &World, uri: &str, suits: impl Fn(&Reply) -> bool) -> Reply {
    let asked = async {
        loop {
            let reply = world.get(uri).await;
            if suits(&reply) {
                break reply;
            }
        }
    };
    timeout(Duration::from_secs(10), asked).await.expect("an answer of the present")
}

fn total(reply: &Reply) -> i64 {
    reply.body["meta"]["total"].as_i64().unwrap()
}

#[tokio::test]
async fn what_did_not_change_is_answered_as_before() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let (lead, deal) = (world.lead("Ada").await, world.deal(&stages, "Engine").await);
    world.settle().await;
    for uri in [
        format!("leads/{lead}"),
        format!("leads/{lead}/history"),
        "leads?page_size=20".to_owned(),
        format!("opportunities/{deal}"),
        "opportunities?sort=-amount".to_owned(),
        "pipelines".to_owned(),
        format!("pipelines/{}/board", stages.pipeline),
        "reports/forecast".to_owned(),
        "reports/stages".to_owned(),
        "reports/sales?group_by=owner".to_owned(),
    ] {
        let uri = format!("/api/v1/{uri}");
        let (first, second) = (world.get(&uri).await, world.get(&uri).await);
        assert_eq!((first.source(), second.source()), ("fwd=miss", "hit"), "{uri}");
        assert_eq!(first.body, second.body);
        for header in ["content-type", "x-position", "etag", "cache-control"] {
            assert_eq!(first.headers.get(header), second.headers.get(header), "{uri}: {header}");
        }
    }
    // The past is read from the log, and the log itself is not kept.
    for uri in [format!("/api/v1/leads/{lead}?as_of=2"), "/api/v1/audit/events".to_owned()] {
        for _ in 0..2 {
            assert_eq!(world.get(&uri).await.headers.get("cache-status"), None, "{uri}");
        }
    }
}

#[tokio::test]
async fn nobody_is_given_the_answer_of_another_tenant_or_role() {
    let world = World::new().await;
    let lead = world.lead("Ada").await;
    world.settle().await;
    let (list, single) = ("/api/v1/leads".to_owned(), format!("/api/v1/leads/{lead}"));
    for uri in [&list, &single] {
        world.get(uri).await;
        assert_eq!(world.get(uri).await.source(), "hit");
        assert_eq!(world.get_as(Role::Auditor, uri).await.status, StatusCode::FORBIDDEN);
        let viewer = world.get_as(Role::Viewer, uri).await;
        assert_eq!(viewer.source(), "fwd=miss");
        assert!(!viewer.body.to_string().contains("\"POST\""), "{}", viewer.body);
        assert!(world.get(uri).await.body.to_string().contains("\"POST\""));
    }
    let other = TenantId::from_uuid(Uuid::now_v7());
    let ask = async |uri: &str| {
        let mut request = world.request(Role::Admin, uri, &[]);
        let bearer = format!("Bearer {}", world.token(other, &[Role::Admin]));
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        world.send(request).await
    };
    assert_eq!(ask(&list).await.body["data"]["items"], json!([]));
    assert_eq!(ask(&single).await.status, StatusCode::NOT_FOUND);
}

async fn reads_its_own_writes(world: &World) {
    for round in 1..=30 {
        let id = new_id();
        let single = format!("/api/v1/leads/{id}");
        assert_eq!(world.get(&single).await.status, StatusCode::NOT_FOUND);
        let capture = LeadAction::Capture(Box::new(new_lead("Ada")));
        let position = world.tell_lead(id, at(3, 1, 9), capture).await.to_string();
        let wanted = [("x-min-position", position.as_str())];
        // A slow machine may take longer than a read waits, and is told so.
        let list = loop {
            let list = world.get_with("/api/v1/leads", &wanted).await;
            if list.body["meta"]["stale"] == false {
                break list;
            }
        };
        assert_eq!(total(&list), round);
        assert_eq!(world.get_with(&single, &wanted).await.status, StatusCode::OK);
        // Whoever asks for no position is not shown less than was shown before.
        assert_eq!(total(&world.get("/api/v1/leads").await), round);
    }
}

#[tokio::test]
async fn a_write_is_read_however_much_is_kept() {
    let world = World::new().await;
    reads_its_own_writes(&world).await;
}

#[tokio::test]
async fn a_write_is_read_while_nats_is_away() {
    let mut world = World::new().await;
    world.router = world.router_without_nats().await;
    reads_its_own_writes(&world).await;
    // And what others wrote shows without being asked for.
    assert_eq!(total(&world.get("/api/v1/leads").await), 30);
    world.lead("Grace").await;
    until(&world, "/api/v1/leads", |reply| total(reply) == 31).await;
}

/// The rows become others although the position stays.
#[tokio::test]
async fn a_rebuild_ends_what_was_kept() {
    let world = World::new().await;
    let lead = world.lead("Ada").await;
    world.settle().await;
    execute(&world, "update read_model.sales_lead_list set doc = doc || '{\"name\": \"Eve\"}'").await;
    let uri = format!("/api/v1/leads/{lead}");
    world.get(&uri).await;
    let wrong = world.get(&uri).await;
    assert_eq!((wrong.source(), &wrong.body["data"]["name"]), ("hit", &json!("Eve")));
    let mut owner = owner(&world).await;
    let upcasters = event_store::fixtures::upcasters();
    rebuild(&mut owner, &leads(), upcasters, Then::Discard, |_| {}).await.unwrap();
    assert_eq!(world.get(&uri).await.body["data"]["name"], "Eve");
    rebuild(&mut owner, &leads(), upcasters, Then::Switch, |_| {}).await.unwrap();
    let right = until(&world, &uri, |reply| reply.body["data"]["name"] == "Ada").await;
    assert_eq!(right.headers["x-position"], wrong.headers["x-position"]);
}

#[tokio::test]
async fn a_tenant_that_goes_on_is_shown_what_it_missed() {
    let world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    execute(
        &world,
        "insert into read_model.parked (tenant_id, view, position, event_type, error)
         select tenant_id, 'sales_lead_list', 2, 'lead.captured', 'test' from log.event",
    )
    .await;
    let wanted = {
        world.lead("Grace").await;
        world.settle().await;
        [("x-min-position", "2")]
    };
    let uri = "/api/v1/leads";
    until(&world, uri, |reply| reply.source() == "hit").await;
    assert_eq!(total(&world.get(uri).await), 1);
    assert_eq!(world.get_with(uri, &wanted).await.body["meta"]["stale"], true);
    let tenant = world.tenant.into();
    let done =
        resume(&mut owner(&world).await, &leads(), tenant, event_store::fixtures::upcasters()).await.unwrap();
    assert!(matches!(done, Resumed::CaughtUp { from: 2, to: 2 }), "{done:?}");
    let told = world.get_with(uri, &wanted).await;
    assert_eq!((total(&told), &told.body["meta"]["stale"]), (2, &json!(false)));
    until(&world, uri, |reply| total(reply) == 2).await;
}

/// A clock that is where it is put.
fn clock(start: DateTime<Utc>) -> (Arc<AtomicI64>, impl Fn() -> DateTime<Utc> + Send + Sync + 'static) {
    let seconds = Arc::new(AtomicI64::new(start.timestamp()));
    let shared = Arc::clone(&seconds);
    (seconds, move || DateTime::from_timestamp(shared.load(Ordering::SeqCst), 0).unwrap())
}

#[tokio::test]
async fn days_are_counted_anew_when_the_first_of_them_is_over() {
    let mut world = World::new().await;
    let stages = world.pipeline().await;
    let since = at(3, 1, 9);
    for hours in [0, 5] {
        world.tell_deal(new_id(), since + TimeDelta::hours(hours), open(new_deal(&stages, "Engine"))).await;
    }
    world.settle().await;
    let (now, clock) = clock(since + TimeDelta::hours(23));
    let router: Router = world.router_at(clock);
    world.router = router;
    let uri = format!("/api/v1/pipelines/{}/board", stages.pipeline);
    let days = async |source: &str, hour: i64, expected: [i64; 2]| {
        now.store((since + TimeDelta::hours(hour)).timestamp(), Ordering::SeqCst);
        let reply = world.get(&uri).await;
        assert_eq!(reply.source(), source, "at hour {hour}");
        let cards = reply.body["data"]["stages"][0]["cards"].as_array().unwrap().clone();
        let days: Vec<&Value> = cards.iter().map(|card| &card["days_in_stage"]).collect();
        assert_eq!(days, [&json!(expected[0]), &json!(expected[1])], "at hour {hour}");
    };
    days("fwd=miss", 23, [0, 0]).await;
    days("hit", 23, [0, 0]).await;
    days("fwd=miss", 24, [1, 0]).await;
    days("hit", 28, [1, 0]).await;
    days("fwd=miss", 29, [1, 1]).await;
    // A clock that was put back makes no old day come back from where it is kept.
    days("fwd=miss", 23, [0, 0]).await;
}

#[tokio::test]
async fn a_forecast_begins_with_the_current_month() {
    let mut world = World::new().await;
    let stages = world.pipeline().await;
    world.deal(&stages, "Engine").await;
    world.settle().await;
    let last_second = at(4, 1, 0) - TimeDelta::seconds(1);
    let (now, clock) = clock(last_second);
    world.router = world.router_at(clock);
    let first_month = async |source: &str| {
        let reply = world.get("/api/v1/reports/forecast").await;
        assert_eq!(reply.source(), source);
        reply.body["data"]["months"][0]["month"].clone()
    };
    assert_eq!(first_month("fwd=miss").await, "2025-03");
    assert_eq!(first_month("hit").await, "2025-03");
    now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(first_month("fwd=miss").await, "2025-04");
}
