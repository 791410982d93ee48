//! What belongs to another tenant looks exactly like what never existed.

use domain::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, Route, Things, routes};

/// What a caller can tell replies apart by.
fn visible(reply: &Reply) -> (u16, Value, Vec<(String, String)>) {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| name != "x-request-id")
        .collect();
    headers.sort();
    (reply.status.as_u16(), reply.anonymous(), headers)
}

#[tokio::test]
async fn the_id_of_another_tenants_thing_is_the_same_404_as_one_that_never_existed() {
    let api = Api::new().await;
    let theirs = Things::of(&api).await;
    let before = api.head().await;
    let stranger = TenantId::from_uuid(Uuid::now_v7());
    // Of one's own things, `identity_session` tells.
    let named = |route: &Route| route.path.contains("{id}") && !route.is_own();
    for route in routes().into_iter().filter(named) {
        for prepare in [|call| call, |call: Call| call.if_match(1), |call: Call| call.header("if-match", "*")]
        {
            let known = api.send(prepare(route.call(&theirs)).of(stranger)).await.fails(404, "not_found");
            let unknown = Things::unknown();
            let unknown = api.send(prepare(route.call(&unknown)).of(stranger)).await.fails(404, "not_found");
            assert_eq!(visible(&known), visible(&unknown), "{}", route.id);
        }
    }
    assert_eq!(api.head().await, before);
}

#[tokio::test]
async fn what_is_no_id_at_all_is_the_same_404_too() {
    let api = Api::new().await;
    let unknown =
        api.patch(&format!("/api/v1/leads/{}", Uuid::now_v7()), json!({})).await.fails(404, "not_found");
    for id in ["17", "null", "%00", "%2e%2e", "01890a5d-ac96-774b-bcce-b302099a805", "' or 1=1 --"] {
        let reply = api.patch(&format!("/api/v1/leads/{}", id.replace(' ', "%20")), json!({})).await;
        assert_eq!((reply.status, reply.anonymous()), (unknown.status, unknown.anonymous()), "{id}");
    }
}

#[tokio::test]
async fn a_body_cannot_refer_to_another_tenants_things_either() {
    let api = Api::new().await;
    let theirs = Things::of(&api).await;
    let stranger = TenantId::from_uuid(Uuid::now_v7());
    let mine =
        api.send(Call::post("/api/v1/opportunities").json(json!({"name": "Mine"})).of(stranger)).await.id();
    let unknown = Things::unknown();
    let open = "/api/v1/opportunities".to_owned();
    let go = format!("/api/v1/opportunities/{mine}/move");
    for (path, known, unknown) in [
        (
            &open,
            json!({"name": "x", "pipeline_id": theirs.pipeline}),
            json!({"name": "x", "pipeline_id": unknown.pipeline}),
        ),
        (
            &open,
            json!({"name": "x", "stage_id": theirs.stage}),
            json!({"name": "x", "stage_id": unknown.stage}),
        ),
        (&open, json!({"name": "x", "lead_id": theirs.lead}), json!({"name": "x", "lead_id": unknown.lead})),
        (&go, json!({"stage_id": theirs.stage}), json!({"stage_id": unknown.stage})),
    ] {
        let known = api.send(Call::post(path).json(known).of(stranger)).await.is(422);
        let unknown = api.send(Call::post(path).json(unknown).of(stranger)).await;
        assert_eq!(visible(&known), visible(&unknown));
        assert_eq!(known.fields().len(), 1, "{}", known.text);
    }
}
