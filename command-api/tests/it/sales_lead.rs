//! `/api/v1/leads`: each command accepted, refused, and quiet.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, path, time};

#[tokio::test]
async fn a_captured_lead_is_answered_with_its_place_version_and_position() {
    let api = Api::new().await;
    let reply =
        api.post("/api/v1/leads", json!({"name": " Ada Lovelace ", "custom": {"seats": 3}})).await.is(201);
    let id = reply.id();
    assert_eq!(reply.header("location"), path("leads", id, ""));
    assert_eq!((reply.header("etag"), reply.header("x-position")), ("\"1\"", "1"));
    assert_eq!((reply.version(), reply.position()), (1, 1));
    assert_eq!(
        reply.body,
        json!({
            "success": true,
            "data": {"id": id, "version": 1, "links": {"self": {"href": path("leads", id, ""), "method": "GET"}}},
            "meta": {"position": 1},
            "error": null,
        })
    );
    let event = api.last_event(id).await;
    assert_eq!((event["name"].as_str(), &event["custom"]), (Some("Ada Lovelace"), &json!({"seats": 3})));
}

#[tokio::test]
async fn a_lead_goes_through_all_its_commands() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let to = |rest: &str| path("leads", lead, rest);
    api.post(&to("/assign"), json!({"owner": "kim"})).await.is(200);
    api.post(&to("/qualify"), json!({"score": 40})).await.is(200);
    api.post(&to("/activities"), json!({"kind": "call", "summary": "Talked.\nCalls back."})).await.is(200);
    api.post(&to("/disqualify"), json!({"reason": "No budget"})).await.is(200);
    api.send(Call::post(&to("/reopen"))).await.is(200);
    api.patch(&to(""), json!({"email": "ada@engines.example"})).await.is(200);
    api.post(&to("/qualify"), json!({"score": 70})).await.is(200);
    let last = api.post(&to("/convert"), json!({})).await.is(200);
    assert_eq!((last.version(), last.header("etag")), (9, "\"9\""));
    let expected = [
        "captured",
        "assigned",
        "qualified",
        "activity_logged",
        "disqualified",
        "reopened",
        "corrected",
        "qualified",
        "converted",
    ];
    assert_eq!(api.history(lead).await, expected.map(|event| format!("lead.{event}")));
}

#[tokio::test]
async fn a_lead_that_is_given_up_or_converted_refuses() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let to = |rest: &str| path("leads", lead, rest);
    api.post(&to("/reopen"), json!({})).await.fails(409, "lead.not_disqualified");
    api.post(&to("/disqualify"), json!({"reason": "No budget"})).await.is(200);
    api.post(&to("/qualify"), json!({"score": 1})).await.fails(409, "lead.disqualified");
    api.post(&to("/assign"), json!({"owner": "kim"})).await.fails(409, "lead.disqualified");
    api.post(&to("/convert"), json!({})).await.fails(409, "lead.disqualified");
    api.post(&to("/disqualify"), json!({"reason": "Another"})).await.fails(409, "lead.disqualified");
    api.post(&to("/reopen"), json!({})).await.is(200);
    api.post(&to("/convert"), json!({})).await.is(200);
    api.patch(&to(""), json!({"name": "Eve"})).await.fails(409, "lead.converted");
    api.post(&to("/reopen"), json!({})).await.fails(409, "lead.converted");
}

#[tokio::test]
async fn what_changes_nothing_is_fine_and_no_event() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let to = |rest: &str| path("leads", lead, rest);
    api.post(&to("/qualify"), json!({"score": 40})).await.is(200);
    let head = api.head().await;
    for reply in [
        api.post(&to("/qualify"), json!({"score": 40})).await,
        api.post(&to("/assign"), json!({"owner": null})).await,
        api.patch(&to(""), json!({})).await,
        api.patch(&to(""), json!({"name": "Ada Lovelace", "email": null, "custom": {"absent": null}})).await,
    ] {
        let reply = reply.is(200);
        assert_eq!((reply.version(), reply.position()), (2, head));
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn a_patch_tells_absent_from_null_from_a_value() {
    let api = Api::new().await;
    let new =
        json!({"name": "Ada", "company": "Engines", "source": "Fair", "custom": {"seats": 1, "vip": true}});
    let lead = api.post("/api/v1/leads", new).await.id();
    let patch = json!({"company": null, "email": "ada@engines.example", "custom": {"seats": null, "region": "north"}});
    api.patch(&path("leads", lead, ""), patch).await.is(200);
    let expected = json!({
        "company": {"from": "Engines", "to": null},
        "email": {"from": null, "to": "ada@engines.example"},
        "custom": {"seats": {"from": 1, "to": null}, "region": {"from": null, "to": "north"}},
    });
    assert_eq!(api.last_event(lead).await, expected);
    let reply = api.patch(&path("leads", lead, ""), json!({"name": null, "custom": null})).await.is(422);
    assert_eq!(reply.fields(), ["custom", "name"]);
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let api = Api::new().await;
    let body = json!({
        "company": 7, "email": "nobody", "phone": "call me", "owner": "", "nickname": "x",
        "custom": {"Bad Key": 1, "fine": [1]}, "occurred_at": "2026-02-30T00:00:00Z",
    });
    let reply = api.post("/api/v1/leads", body).await.fails(422, "values.invalid");
    let fields = reply.fields();
    for field in ["name", "company", "email", "phone", "owner", "nickname", "custom.fine", "occurred_at"] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    assert_eq!(api.head().await, 0);
}

#[tokio::test]
async fn a_lead_may_have_been_captured_in_the_past_but_not_in_the_future() {
    let api = Api::new().await;
    let at = |time: &str| json!({"name": "Ada", "occurred_at": time});
    let reply = api.post("/api/v1/leads", at("2016-10-20T12:00:00.1234567+02:00")).await.is(201);
    let event = api.last_event(reply.id()).await;
    assert_eq!(time(event["at"].as_str().unwrap()), time("2016-10-20T10:00:00.123456Z"));
    let sql = "select metadata ->> 'occurred_at', metadata ->> 'actor' from log.event where position = $1";
    let (occurred_at, actor): (String, String) =
        sqlx::query_as(sql).bind(reply.position()).fetch_one(&api.pool).await.unwrap();
    assert_eq!((time(&occurred_at), actor.as_str()), (time("2016-10-20T10:00:00.123456Z"), "sam"));
    let reply =
        api.post("/api/v1/leads", at("2150-01-01T00:00:00Z")).await.fails(422, "lead.occurred_in_future");
    assert_eq!(reply.fields(), ["occurred_at"]);
    for year in ["0001", "1899", "2201", "9999"] {
        let reply = api.post("/api/v1/leads", at(&format!("{year}-06-01T00:00:00Z"))).await;
        assert_eq!(reply.fails(422, "values.invalid").fields(), ["occurred_at"], "{year}");
    }
}

#[tokio::test]
async fn a_status_is_not_changed_before_it_was_entered() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let early = json!({"score": 5, "occurred_at": "2020-01-01T00:00:00Z"});
    api.post(&path("leads", lead, "/qualify"), early).await.fails(409, "lead.before_last_change");
}

#[tokio::test]
async fn converting_makes_one_deal_of_what_the_lead_knows_in_one_append() {
    let api = Api::new().await;
    let new = json!({"name": "Ada", "company": "Engines", "owner": "kim", "source": "Fair", "custom": {"seats": 1}});
    let lead = api.post("/api/v1/leads", new).await.id();
    let reply = api.send(Call::post(&path("leads", lead, "/convert"))).await.is(200);
    let deal = reply.uuid("opportunity_id");
    assert_eq!(reply.body["data"]["links"]["opportunity"]["href"], path("opportunities", deal, ""));
    // The lead, the default pipeline and the deal: nothing came between them.
    assert_eq!((reply.position(), api.head().await), (4, 4));
    let opened = api.last_event(deal).await;
    for (field, value) in [("name", "Engines"), ("account", "Engines"), ("owner", "kim"), ("source", "Fair")]
    {
        assert_eq!(opened[field], value);
    }
    assert_eq!((&opened["lead"], &opened["custom"]), (&json!(lead), &json!({"seats": 1})));
    assert_eq!(api.last_event(lead).await["opportunity"], json!(deal));
    let (_, stages) = api.default_pipeline().await;
    assert_eq!(api.claims(deal).await, [format!("stage.{}", stages[0])]);
}

#[tokio::test]
async fn converting_again_tells_of_the_same_deal_and_does_nothing() {
    let api = Api::new().await;
    let lead = api.lead().await;
    let first = api.post(&path("leads", lead, "/convert"), json!({})).await.is(200);
    let again = api.post(&path("leads", lead, "/convert"), json!({"name": "Other"})).await.is(200);
    assert_eq!(again.body, first.body);
    assert_eq!(api.head().await, first.position());
}

#[tokio::test]
async fn a_conversion_may_say_more_about_the_deal() {
    let api = Api::new().await;
    let (_, stages) = api.default_pipeline().await;
    let lead = api.lead().await;
    let body = json!({
        "name": "Mill", "stage_id": stages[2], "amount": {"amount": "12", "currency": "EUR"},
        "expected_close": "2026-12-31", "product": "Mill",
    });
    let deal = api.post(&path("leads", lead, "/convert"), body).await.is(200).uuid("opportunity_id");
    let opened = api.last_event(deal).await;
    assert_eq!(
        (&opened["name"], &opened["stage"], &opened["probability"]),
        (&json!("Mill"), &json!(stages[2]), &json!(50))
    );
    assert_eq!(opened["amount"], json!({"amount": "12.00", "currency": "EUR"}));
    let other = api.lead().await;
    let nowhere = json!({"pipeline_id": Uuid::now_v7()});
    let reply = api.post(&path("leads", other, "/convert"), nowhere).await.fails(422, "values.invalid");
    assert_eq!(reply.fields(), ["pipeline_id"]);
    assert_eq!(api.history(other).await, ["lead.captured"]);
}
