//! `/api/v1/pipelines`: each command accepted, refused, and quiet.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Api, Call, path};

#[tokio::test]
async fn a_pipeline_goes_through_all_its_commands() {
    let api = Api::new().await;
    let stages = json!([{"name": "First", "probability": 10}, {"name": "Last", "probability": 90}]);
    let reply =
        api.post("/api/v1/pipelines", json!({"name": "New business", "stages": stages})).await.is(201);
    let id = reply.id();
    assert_eq!(reply.header("location"), path("pipelines", id, ""));
    let to = |rest: &str| path("pipelines", id, rest);
    let last = api.stages(id).await[1];
    api.patch(&to(""), json!({"name": "Business"})).await.is(200);
    let added = json!({"name": "Middle", "probability": 40, "before_stage_id": last});
    let middle = api.post(&to("/stages"), added).await.is(200).uuid("stage_id");
    let mut order = api.stages(id).await;
    assert_eq!(order[1], middle);
    order.reverse();
    api.send(Call::new("PUT", &to("/stages/order")).json(json!({"stage_ids": order}))).await.is(200);
    assert_eq!(api.stages(id).await, order);
    let both = json!({"name": "Midst", "probability": 45});
    let reply = api.patch(&to(&format!("/stages/{middle}")), both).await.is(200);
    assert_eq!(reply.version(), 6);
    let reply = api.send(Call::post(&to(&format!("/stages/{middle}/retire")))).await.is(200);
    assert_eq!(reply.version(), 7);
    let expected = [
        "created",
        "renamed",
        "stage_added",
        "stages_reordered",
        "stage_renamed",
        "stage_probability_changed",
        "stage_retired",
    ];
    assert_eq!(api.history(id).await, expected.map(|event| format!("pipeline.{event}")));
}

#[tokio::test]
async fn what_changes_nothing_is_fine_and_no_event() {
    let api = Api::new().await;
    let (id, stages) = api.default_pipeline().await;
    let to = |rest: &str| path("pipelines", id, rest);
    api.send(Call::post(&to(&format!("/stages/{}/retire", stages[3])))).await.is(200);
    let head = api.head().await;
    for call in [
        Call::post("/api/v1/pipelines/default"),
        Call::new("PATCH", &to("")).json(json!({})),
        Call::new("PATCH", &to("")).json(json!({"name": "Sales pipeline"})),
        Call::new("PATCH", &to(&format!("/stages/{}", stages[0]))).json(json!({"probability": 10})),
        Call::new("PUT", &to("/stages/order")).json(json!({"stage_ids": stages[..3]})),
        Call::post(&to(&format!("/stages/{}/retire", stages[3]))),
    ] {
        assert_eq!(api.send(call).await.is(200).version(), 2);
    }
    assert_eq!(api.head().await, head);
}

#[tokio::test]
async fn the_default_pipeline_is_created_once() {
    let api = Api::new().await;
    let first = api.send(Call::post("/api/v1/pipelines/default")).await.is(201);
    assert_eq!(first.header("location"), path("pipelines", first.id(), ""));
    let again = api.send(Call::post("/api/v1/pipelines/default")).await.is(200);
    assert_eq!((again.id(), again.version()), (first.id(), 1));
    assert_eq!(api.stages(first.id()).await.len(), 4);
}

#[tokio::test]
async fn rules_of_pipelines_refuse() {
    let api = Api::new().await;
    let (id, stages) = api.default_pipeline().await;
    let to = |rest: &str| path("pipelines", id, rest);
    let twins = json!([{"name": "Same", "probability": 1}, {"name": "same", "probability": 2}]);
    let create = json!({"name": "x", "stages": twins});
    api.post("/api/v1/pipelines", create).await.fails(409, "pipeline.duplicate_stage_name");
    let add = json!({"name": "PROPOSAL", "probability": 1});
    api.post(&to("/stages"), add).await.fails(409, "pipeline.duplicate_stage_name");
    let rename = api.patch(&to(&format!("/stages/{}", stages[0])), json!({"name": "Proposal"})).await;
    rename.fails(409, "pipeline.duplicate_stage_name");
    for order in [json!([]), json!(stages[..2]), json!([stages[0], stages[0], stages[1], stages[2]])] {
        let order = Call::new("PUT", &to("/stages/order")).json(json!({"stage_ids": order}));
        let reply = api.send(order).await.fails(422, "pipeline.incomplete_order");
        assert_eq!(reply.fields(), ["stage_ids"]);
    }
    let before = json!({"name": "New", "probability": 1, "before_stage_id": Uuid::now_v7()});
    let reply = api.post(&to("/stages"), before).await.fails(422, "pipeline.unknown_stage");
    assert_eq!(reply.fields(), ["before_stage_id"]);
    for stage in &stages[..3] {
        api.send(Call::post(&to(&format!("/stages/{stage}/retire")))).await.is(200);
    }
    let last = api.send(Call::post(&to(&format!("/stages/{}/retire", stages[3])))).await;
    last.fails(409, "pipeline.last_stage");
    let retired = api.patch(&to(&format!("/stages/{}", stages[0])), json!({"name": "Back"})).await;
    retired.fails(409, "pipeline.stage_retired");
}

#[tokio::test]
async fn a_pipeline_has_1_to_50_stages_from_the_start() {
    let api = Api::new().await;
    let stages = |count: usize| -> Vec<_> {
        (0..count).map(|n| json!({"name": format!("Stage {n}"), "probability": 1})).collect()
    };
    for count in [0, 51] {
        let reply = api.post("/api/v1/pipelines", json!({"name": "x", "stages": stages(count)})).await;
        assert_eq!(reply.fails(422, "values.invalid").fields(), ["stages"]);
    }
    let full = api.post("/api/v1/pipelines", json!({"name": "x", "stages": stages(50)})).await.is(201).id();
    let add = json!({"name": "One more", "probability": 1});
    api.post(&path("pipelines", full, "/stages"), add).await.fails(409, "pipeline.too_many_stages");
}

#[tokio::test]
async fn a_stage_with_open_deals_is_not_retired() {
    let api = Api::new().await;
    let (pipeline, stages) = api.default_pipeline().await;
    let deal = api.deal().await;
    let retire = path("pipelines", pipeline, &format!("/stages/{}/retire", stages[0]));
    let reply = api.send(Call::post(&retire)).await.fails(409, "pipeline.stage_holds_open_deals");
    assert!(reply.body["error"]["detail"].as_str().unwrap().contains("open deals"));
    api.post(&path("opportunities", deal, "/move"), json!({"stage_id": stages[1]})).await.is(200);
    api.send(Call::post(&retire)).await.is(200);
    api.post(&path("opportunities", deal, "/win"), json!({})).await.is(200);
    let retire = path("pipelines", pipeline, &format!("/stages/{}/retire", stages[1]));
    api.send(Call::post(&retire)).await.is(200);
    // A deal that is taken up again goes where deals may go.
    let back = json!({"stage_id": stages[1]});
    api.post(&path("opportunities", deal, "/reopen"), back).await.fails(409, "pipeline.stage_retired");
    api.send(Call::post(&path("opportunities", deal, "/reopen"))).await.is(200);
    assert_eq!(api.claims(deal).await, [format!("stage.{}", stages[2])]);
}

#[tokio::test]
async fn a_stage_that_a_path_names_belongs_to_its_pipeline() {
    let api = Api::new().await;
    let (_, stages) = api.default_pipeline().await;
    let other = json!({"name": "Other", "stages": [{"name": "Only", "probability": 5}]});
    let other = api.post("/api/v1/pipelines", other).await.id();
    for stage in [stages[0], Uuid::now_v7()] {
        let to = path("pipelines", other, &format!("/stages/{stage}"));
        api.patch(&to, json!({"name": "Mine"})).await.fails(404, "not_found");
        api.send(Call::post(&format!("{to}/retire"))).await.fails(404, "not_found");
    }
}
