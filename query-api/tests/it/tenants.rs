//! One tenant never learns anything of another.

use std::net::TcpListener;

use axum::http::StatusCode;
use domain::TenantId;
use edge::Role;
use event_store::{Duty, SessionPool};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::plan::{at, new_id, win};
use crate::world::{Reply, World};

/// What an administrator of a tenant that has nothing is answered.
async fn ask(world: &World, uri: &str, headers: &[(&str, &str)]) -> Reply {
    let nobody = TenantId::from_uuid(Uuid::now_v7());
    let mut request = world.request(Role::Admin, uri, headers);
    let bearer = format!("Bearer {}", world.token(nobody, &[Role::Admin, Role::Auditor]));
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    world.send(request).await
}

/// A refusal without what names the request itself.
fn refusal(reply: &Reply) -> (StatusCode, Value) {
    let mut body = reply.body.clone();
    body["error"]["instance"] = Value::Null;
    (reply.status, body)
}

#[tokio::test]
async fn the_things_of_others_are_as_missing_as_those_that_never_were() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let (lead, deal) = (world.lead("Ada").await, world.deal(&stages, "Engine").await);
    world.settle().await;
    let (pipeline, never) = (stages.pipeline, new_id::<domain::id::kind::Lead>());
    let wait = [("x-min-position", "1")];
    for (theirs, none) in [
        (format!("leads/{lead}"), format!("leads/{never}")),
        (format!("leads/{lead}/history"), format!("leads/{never}/history")),
        (format!("leads/{lead}?as_of=1000"), format!("leads/{never}?as_of=1000")),
        (format!("opportunities/{deal}"), format!("opportunities/{never}")),
        (format!("opportunities/{deal}/history"), format!("opportunities/{never}/history")),
        (
            format!("opportunities/{deal}?as_of=2030-01-01T00:00:00Z"),
            format!("opportunities/{never}?as_of=1"),
        ),
        (format!("pipelines/{pipeline}"), format!("pipelines/{never}")),
        (format!("pipelines/{pipeline}/board"), format!("pipelines/{never}/board")),
    ] {
        let (theirs, none) = (format!("/api/v1/{theirs}"), format!("/api/v1/{none}"));
        assert_eq!(world.get(&theirs).await.status, StatusCode::OK, "{theirs}");
        for headers in [&[][..], &wait] {
            let answers = (ask(&world, &theirs, headers).await, ask(&world, &none, headers).await);
            assert_eq!(answers.0.status, StatusCode::NOT_FOUND);
            assert_eq!(refusal(&answers.0), refusal(&answers.1), "{theirs}");
        }
    }
}

/// Whatever sessions may see by themselves, through the guard it sees one tenant.
#[tokio::test]
async fn sessions_of_a_mightier_role_show_no_more() {
    let mut world = World::new().await;
    world.lead("Ada").await;
    world.settle().await;
    let mighty = SessionPool::new(world.database.url(), Duty::Projector, 4).unwrap();
    world.router = world.router_over(mighty);
    for (uri, theirs) in [("/api/v1/leads", 1), ("/api/v1/audit/events", 1)] {
        assert_eq!(world.data(uri).await["items"].as_array().unwrap().len(), theirs, "{uri}");
        assert_eq!(ask(&world, uri, &[]).await.data(uri)["items"], json!([]), "{uri}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_no_error_of_ours() {
    let mut world = World::new().await;
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = format!("postgresql://crm@127.0.0.1:{port}/crm");
    world.router = world.router_over(SessionPool::new(&nowhere, Duty::Reader, 4).unwrap());
    for uri in ["/api/v1/leads", "/api/v1/reports/forecast", "/api/v1/audit/events"] {
        let reply = world.get(uri).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"), "{uri}");
        assert_eq!(reply.headers["retry-after"], "1");
    }
}

#[tokio::test]
async fn lists_reports_and_the_log_of_others_are_empty() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let (lead, deal) = (world.lead("Ada").await, world.deal(&stages, "Engine").await);
    world.tell_deal(deal, at(3, 2, 9), win("1.00", "EUR")).await;
    world.settle().await;
    let stage = stages.ids[0];
    for uri in [
        "leads".to_owned(),
        "leads?q=ada".to_owned(),
        format!("leads?filter[id]={lead}"),
        "opportunities".to_owned(),
        format!("opportunities?filter[stage_id]={stage}"),
        "pipelines".to_owned(),
        "audit/events".to_owned(),
        format!("audit/events?aggregate=sales.lead:{lead}"),
    ] {
        let uri = format!("/api/v1/{uri}");
        let data = ask(&world, &uri, &[]).await.data(&uri);
        assert_eq!(data["items"], json!([]), "{uri}");
        assert!(!world.data(&uri).await["items"].as_array().unwrap().is_empty(), "{uri}");
    }
    let report = ask(&world, "/api/v1/reports/sales?group_by=stage", &[]).await;
    assert_eq!(
        (&report.body["data"]["groups"], &report.body["data"]["totals"]["won"]),
        (&json!([]), &json!(0))
    );
    let report = ask(&world, "/api/v1/reports/stages", &[]).await;
    assert_eq!(report.body["data"]["stages"], json!([]));
    let report = ask(&world, "/api/v1/reports/forecast", &[]).await;
    assert_eq!(report.body["data"]["undated"]["count"], 0);
    let lines = ask(&world, "/api/v1/audit/events", &[("accept", "application/x-ndjson")]).await;
    assert_eq!((lines.status, &lines.body), (StatusCode::OK, &json!("")));
}
