//! One thing: as it lies, with its version and what may be done with it now.

use axum::http::StatusCode;
use domain::fixtures::{percent, text};
use domain::identity::RecordKind;
use domain::sales::lead::LeadAction;
use edge::{ListFields as _, Role};
use serde_json::json;

use crate::plan::{at, lose, new_id, step, win};
use crate::world::{World, names};

#[tokio::test]
async fn a_lead_offers_what_its_status_allows() {
    let world = World::new().await;
    let id = world.lead("Ada Example").await;
    let uri = format!("/api/v1/leads/{id}");
    world.settle().await;
    let live =
        ["activities", "assign", "convert", "disqualify", "erase", "history", "patch", "qualify", "self"];
    let lead = world.data(&uri).await;
    assert_eq!((&lead["name"], &lead["status"]), (&json!("Ada Example"), &json!("open")));
    assert_eq!(names(&lead["links"]), live);
    assert_eq!(lead["links"]["qualify"], json!({"href": format!("{uri}/qualify"), "method": "POST"}));
    assert_eq!(lead["links"]["patch"], json!({"href": uri, "method": "PATCH"}));
    assert_eq!(lead["links"]["self"], json!({"href": uri, "method": "GET"}));

    world.tell_lead(id, at(3, 2, 9), LeadAction::Qualify { score: percent(70) }).await;
    world.settle().await;
    assert_eq!(names(&world.data(&uri).await["links"]), live);

    world.tell_lead(id, at(3, 3, 9), LeadAction::Disqualify { reason: text("No budget") }).await;
    world.settle().await;
    let given_up = ["activities", "erase", "history", "patch", "reopen", "self"];
    assert_eq!(names(&world.data(&uri).await["links"]), given_up);

    world.tell_lead(id, at(3, 4, 9), LeadAction::Reopen).await;
    let opportunity = new_id();
    world.tell_lead(id, at(3, 5, 9), LeadAction::Convert { opportunity }).await;
    world.settle().await;
    let lead = world.data(&uri).await;
    assert_eq!(names(&lead["links"]), ["activities", "erase", "history", "opportunity", "self"]);
    assert_eq!(lead["links"]["opportunity"]["href"], json!(format!("/api/v1/opportunities/{opportunity}")));
}

#[tokio::test]
async fn an_opportunity_offers_what_its_status_and_the_callers_role_allow() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = world.deal(&stages, "Engine").await;
    let uri = format!("/api/v1/opportunities/{id}");
    world.settle().await;
    let open = ["activities", "assign", "history", "lose", "move", "patch", "pipeline", "self", "win"];
    for role in [Role::SalesManager, Role::SalesRep] {
        assert_eq!(names(&world.get_as(role, &uri).await.data(&uri)["links"]), open);
    }
    let open =
        ["activities", "assign", "erase", "history", "lose", "move", "patch", "pipeline", "self", "win"];
    let looking_on = world.get_as(Role::Viewer, &uri).await.data(&uri);
    assert_eq!(names(&looking_on["links"]), ["history", "pipeline", "self"]);
    let listed = world.data("/api/v1/opportunities").await;
    assert_eq!(names(&listed["items"][0]["links"]), open);

    for close in [win("100.00", "EUR"), lose()] {
        let id = world.deal(&stages, "Engine").await;
        world.tell_deal(id, at(3, 2, 9), close).await;
        world.settle().await;
        let deal = world.data(&format!("/api/v1/opportunities/{id}")).await;
        assert_eq!(names(&deal["links"]), ["activities", "erase", "history", "pipeline", "reopen", "self"]);
    }
}

#[tokio::test]
async fn the_etag_is_the_version_to_send_with_the_next_command() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = world.deal(&stages, "Engine").await;
    world.tell_deal(id, at(3, 2, 9), step(&stages, 0, 1)).await;
    world.settle().await;
    let reply = world.get(&format!("/api/v1/opportunities/{id}")).await;
    assert_eq!(reply.headers["etag"], "\"2\"");
    assert_eq!(reply.body["data"]["version"], 2);
    let reply = world.get(&format!("/api/v1/pipelines/{}", stages.pipeline)).await;
    assert_eq!(reply.headers["etag"], "\"1\"");
    assert_eq!(reply.body["data"]["stages"][1]["name"], "Proposal");
}

/// Documentation that is written by hand must not drift away from rows that are sent as they lie.
#[tokio::test]
async fn every_field_of_a_row_is_documented_and_no_other() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let lead = world.lead("Ada Example").await;
    let deal = world.deal(&stages, "Engine").await;
    world.settle().await;
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let pipeline = stages.pipeline;
    for (schema, uri) in [
        ("Lead", format!("/api/v1/leads/{lead}")),
        ("Opportunity", format!("/api/v1/opportunities/{deal}")),
        ("Pipeline", format!("/api/v1/pipelines/{pipeline}")),
    ] {
        let documented = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        let sent = world.data(&uri).await;
        // Only what was erased tells when.
        let mut documented: Vec<_> = documented.keys().filter(|field| *field != "erased_at").collect();
        let mut sent: Vec<_> = sent.as_object().unwrap().keys().collect();
        documented.sort();
        sent.sort();
        assert_eq!(sent, documented, "{schema}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let id = new_id::<domain::id::kind::Lead>();
    for uri in [
        format!("/api/v1/leads/{id}"),
        format!("/api/v1/leads/{id}/history"),
        format!("/api/v1/opportunities/{id}"),
        format!("/api/v1/opportunities/{id}/history"),
        format!("/api/v1/pipelines/{id}"),
        format!("/api/v1/pipelines/{id}/board"),
        "/api/v1/leads/not-an-id".to_owned(),
    ] {
        let reply = world.get(&uri).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::NOT_FOUND, "not_found"), "{uri}");
    }
}

/// The history of a lead is not that of a deal, even if somebody mixes up their ids.
#[tokio::test]
async fn an_id_of_another_kind_of_thing_is_not_found() {
    let world = World::new().await;
    let lead = world.lead("Ada Example").await;
    world.settle().await;
    for uri in [format!("/api/v1/opportunities/{lead}"), format!("/api/v1/opportunities/{lead}/history")] {
        assert_eq!(world.get(&uri).await.status, StatusCode::NOT_FOUND, "{uri}");
    }
}

/// What no role can hide of leads and deals: what they are called, whose they are, where they stand, and since when.
const PLAIN: &[&str] = &[
    "id",
    "name",
    "owner",
    "status",
    "opportunity_id",
    "activities",
    "last_activity_at",
    "captured_at",
    "status_since",
    "updated_at",
    "version",
    "links",
    "erased_at",
    "pipeline_id",
    "stage_id",
    "probability",
    "lead_id",
    "opened_at",
    "stage_since",
    "stay",
    "closed_on",
];

/// A new field of a thing, or of its list, needs a decision: here, or in `domain::identity::field`.
#[test]
fn each_field_of_a_lead_or_deal_can_be_hidden_or_is_plain() {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    for (kind, schema) in [(RecordKind::Lead, "Lead"), (RecordKind::Opportunity, "Opportunity")] {
        let properties = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        for name in properties.keys() {
            let is_hideable = kind.fields().any(|field| field.json == name);
            assert!(is_hideable != PLAIN.contains(&name.as_str()), "{name} of {schema}");
        }
        let fields = if kind == RecordKind::Lead {
            query_api::sales::Lead::FIELDS
        } else {
            query_api::sales::Opportunity::FIELDS
        };
        for column in fields.iter().map(|field| field.name) {
            // Days that are told by plain times.
            let is_plain = PLAIN.contains(&column) || matches!(column, "opened_on" | "days_to_close");
            assert!(
                kind.fields().any(|field| field.is_told_by(column)) != is_plain,
                "{column} of the list of {schema}"
            );
        }
    }
}
