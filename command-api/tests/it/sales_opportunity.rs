//! `/api/v1/opportunities`: each command accepted, refused, and quiet.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, path};

#[tokio::test]
async fn the_first_deal_of_a_tenant_brings_its_pipeline_along() {
    let api = Api::new().await;
    let first = api.post("/api/v1/opportunities", json!({"name": "Engine"})).await.is(201);
    assert_eq!(first.header("location"), path("opportunities", first.id(), ""));
    assert_eq!((first.version(), first.position()), (1, 2));
    let second = api.post("/api/v1/opportunities", json!({"name": "Mill"})).await.is(201);
    assert_eq!(second.position(), 3);
    let ensured = api.send(Call::post("/api/v1/pipelines/default")).await.is(200);
    let opened = api.last_event(first.id()).await;
    assert_eq!(opened["pipeline"], json!(ensured.id()));
    assert_eq!(
        (&opened["stage"], &opened["probability"]),
        (&json!(api.stages(ensured.id()).await[0]), &json!(10))
    );
    assert_eq!(api.count("pipeline.created").await, 1);
}

#[tokio::test]
async fn a_deal_goes_through_all_its_commands_and_occupies_the_stage_it_is_in() {
    let api = Api::new().await;
    let (_, stages) = api.default_pipeline().await;
    let deal = api.deal().await;
    let to = |rest: &str| path("opportunities", deal, rest);
    let scope = |stage: usize| vec![format!("stage.{}", stages[stage])];
    assert_eq!(api.claims(deal).await, scope(0));
    api.post(&to("/move"), json!({"stage_id": stages[2]})).await.is(200);
    let moved = api.last_event(deal).await;
    assert_eq!(
        (&moved["direction"], &moved["probability"]),
        (&json!("forward"), &json!({"from": 10, "to": 50}))
    );
    assert_eq!(api.claims(deal).await, scope(2));
    api.post(&to("/move"), json!({"stage_id": stages[1], "probability": 33})).await.is(200);
    let moved = api.last_event(deal).await;
    assert_eq!(
        (&moved["direction"], &moved["probability"]),
        (&json!("back"), &json!({"from": 50, "to": 33}))
    );
    api.post(&to("/assign"), json!({"owner": "kim"})).await.is(200);
    api.patch(&to(""), json!({"product": "Mill", "expected_close": "2026-12-31"})).await.is(200);
    api.post(&to("/activities"), json!({"kind": "email", "summary": "Sent the offer."})).await.is(200);
    api.post(&to("/lose"), json!({"reason": "Too dear"})).await.is(200);
    assert_eq!(api.claims(deal).await, Vec::<String>::new());
    api.send(Call::post(&to("/reopen"))).await.is(200);
    assert_eq!(api.claims(deal).await, scope(0));
    let won = api.send(Call::post(&to("/win"))).await.is(200);
    assert_eq!(won.version(), 9);
    assert_eq!(api.last_event(deal).await["amount"], json!({"amount": "1200.00", "currency": "EUR"}));
    assert_eq!(api.claims(deal).await, Vec::<String>::new());
    let expected =
        ["opened", "moved", "moved", "assigned", "revised", "activity_logged", "lost", "reopened", "won"];
    assert_eq!(api.history(deal).await, expected.map(|event| format!("opportunity.{event}")));
}

#[tokio::test]
async fn a_closed_deal_refuses_until_it_is_reopened() {
    let api = Api::new().await;
    let (_, stages) = api.default_pipeline().await;
    let deal = api.deal().await;
    let to = |rest: &str| path("opportunities", deal, rest);
    api.post(&to("/reopen"), json!({})).await.fails(409, "opportunity.not_closed");
    api.post(&to("/win"), json!({})).await.is(200);
    for (command, body) in [
        ("/move", json!({"stage_id": stages[1]})),
        ("/assign", json!({"owner": "kim"})),
        ("/win", json!({})),
        ("/lose", json!({"reason": "Too dear"})),
    ] {
        api.post(&to(command), body).await.fails(409, "opportunity.closed");
    }
    api.patch(&to(""), json!({"name": "Mill"})).await.fails(409, "opportunity.closed");
    api.post(&to("/reopen"), json!({"stage_id": stages[3]})).await.is(200);
    api.patch(&to(""), json!({"name": "Mill"})).await.is(200);
}

#[tokio::test]
async fn a_deal_without_an_amount_is_won_for_one() {
    let api = Api::new().await;
    let deal = api.post("/api/v1/opportunities", json!({"name": "Engine"})).await.id();
    let win = path("opportunities", deal, "/win");
    api.send(Call::post(&win)).await.fails(409, "opportunity.won_without_amount");
    api.post(&win, json!({"amount": {"amount": "7", "currency": "EUR"}})).await.is(200);
}

#[tokio::test]
async fn a_move_to_the_stage_it_is_in_changes_nothing() {
    let api = Api::new().await;
    let (_, stages) = api.default_pipeline().await;
    let deal = api.deal().await;
    let head = api.head().await;
    let reply = api
        .post(&path("opportunities", deal, "/move"), json!({"stage_id": stages[0], "probability": 99}))
        .await;
    assert_eq!(reply.is(200).version(), 1);
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn a_deal_stays_in_the_live_stages_of_its_pipeline() {
    let api = Api::new().await;
    let (pipeline, stages) = api.default_pipeline().await;
    let other = json!({"name": "Other", "stages": [{"name": "Only", "probability": 5}]});
    let other = api.post("/api/v1/pipelines", other).await.id();
    let foreign = api.stages(other).await[0];
    let deal = api.deal().await;
    let go = path("opportunities", deal, "/move");
    for stage in [foreign, Uuid::now_v7()] {
        let reply = api.post(&go, json!({"stage_id": stage})).await.fails(422, "pipeline.unknown_stage");
        assert_eq!(reply.fields(), ["stage_id"]);
        let open = json!({"name": "x", "pipeline_id": pipeline, "stage_id": stage});
        let reply = api.post("/api/v1/opportunities", open).await.fails(422, "pipeline.unknown_stage");
        assert_eq!(reply.fields(), ["stage_id"]);
    }
    api.send(Call::post(&path("pipelines", pipeline, &format!("/stages/{}/retire", stages[3]))))
        .await
        .is(200);
    api.post(&go, json!({"stage_id": stages[3]})).await.fails(409, "pipeline.stage_retired");
    api.post("/api/v1/opportunities", json!({"name": "x", "stage_id": stages[3]}))
        .await
        .fails(409, "pipeline.stage_retired");
    assert_eq!(api.history(deal).await, ["opportunity.opened"]);
}

#[tokio::test]
async fn a_deal_may_name_a_lead_that_exists() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let deal =
        api.post("/api/v1/opportunities", json!({"name": "Engine", "lead_id": lead})).await.is(201).id();
    assert_eq!(api.last_event(deal).await["lead"], json!(lead));
    let reply = api.post("/api/v1/opportunities", json!({"name": "Engine", "lead_id": Uuid::now_v7()})).await;
    assert_eq!(reply.fails(422, "values.invalid").fields(), ["lead_id"]);
}

#[tokio::test]
async fn money_is_exact_text_of_a_real_currency() {
    let api = Api::new().await;
    let open = |amount: serde_json::Value| json!({"name": "Engine", "amount": amount});
    for (amount, field) in [
        (json!({"amount": "1200.005", "currency": "EUR"}), "amount"),
        (json!({"amount": "1e3", "currency": "EUR"}), "amount"),
        (json!({"amount": 1200.5, "currency": "EUR"}), "amount"),
        (json!({"amount": "-1", "currency": "EUR"}), "amount"),
        (json!({"amount": "12", "currency": "XXX"}), "amount"),
        (json!({"amount": "12"}), "amount.currency"),
        (json!("12 EUR"), "amount"),
    ] {
        let reply =
            api.post("/api/v1/opportunities", open(amount.clone())).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), [field], "{amount}");
    }
    let yen = json!({"amount": "12", "currency": "JPY"});
    let deal = api.post("/api/v1/opportunities", open(yen.clone())).await.is(201).id();
    assert_eq!(api.last_event(deal).await["amount"], yen);
}

#[tokio::test]
async fn an_expected_close_lies_in_years_that_databases_can_hold() {
    let api = Api::new().await;
    let deal = api.deal().await;
    for day in ["1899-12-31", "2201-01-01", "+12026-01-01", "2026-13-01", "soon", "2026-01-31T00:00:00Z"] {
        let reply = api.post("/api/v1/opportunities", json!({"name": "x", "expected_close": day})).await;
        assert_eq!(reply.fails(422, "values.invalid").fields(), ["expected_close"], "{day}");
        let reply = api.patch(&path("opportunities", deal, ""), json!({"expected_close": day})).await;
        assert_eq!(reply.fails(422, "values.invalid").fields(), ["expected_close"], "{day}");
    }
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let api = Api::new().await;
    let body = json!({
        "pipeline_id": "17", "stage_id": 17, "probability": 101, "amount": "12", "expected_close": "soon",
        "custom": {"seats": {}}, "colour": "red", "occurred_at": 17,
    });
    let reply = api.post("/api/v1/opportunities", body).await.fails(422, "values.invalid");
    let expected = [
        "amount",
        "colour",
        "custom.seats",
        "expected_close",
        "name",
        "occurred_at",
        "pipeline_id",
        "probability",
        "stage_id",
    ];
    assert_eq!(reply.fields(), expected);
}
