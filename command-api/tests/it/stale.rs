//! Two processes on one database: what one of them remembers may be behind, and nobody gets to hear of it.

use serde_json::json;

use crate::support::{Api, Call, path};

#[tokio::test]
async fn a_refusal_on_what_is_remembered_is_decided_again_on_the_newest() {
    let here = Api::new().await;
    let there = here.another();
    let lead = here.lead().await;
    let to = |rest: &str| path("leads", lead, rest);
    here.post(&to("/disqualify"), json!({"reason": "No"})).await.is(200);
    there.post(&to("/reopen"), json!({})).await.is(200);
    // This process still remembers a lead that was given up.
    here.post(&to("/qualify"), json!({"score": 5})).await.is(200);
    there.post(&to("/disqualify"), json!({"reason": "No"})).await.is(200);
    here.post(&to("/qualify"), json!({"score": 6})).await.fails(409, "lead.disqualified");
}

#[tokio::test]
async fn what_seems_to_change_nothing_is_decided_again_on_the_newest() {
    let here = Api::new().await;
    let there = here.another();
    let lead = here.lead().await;
    let assign = path("leads", lead, "/assign");
    here.post(&assign, json!({"owner": "kim"})).await.is(200);
    there.post(&assign, json!({"owner": "sam"})).await.is(200);
    assert_eq!(here.post(&assign, json!({"owner": "kim"})).await.is(200).version(), 4);
}

#[tokio::test]
async fn a_version_is_compared_with_the_newest() {
    let here = Api::new().await;
    let there = here.another();
    let lead = here.lead().await;
    let rename = |name: &str, version| {
        Call::new("PATCH", &path("leads", lead, "")).json(json!({"name": name})).if_match(version)
    };
    there.send(rename("Ada", 1)).await.is(200);
    here.send(rename("Eve", 1)).await.fails(412, "version.stale");
    there.send(rename("Ida", 2)).await.is(200);
    here.send(rename("Eve", 3)).await.is(200);
}

#[tokio::test]
async fn a_deal_that_another_process_moved_there_already_stays_where_it_is() {
    let here = Api::new().await;
    let there = here.another();
    let (_, stages) = here.default_pipeline().await;
    let deal = here.deal().await;
    let go = path("opportunities", deal, "/move");
    there.post(&go, json!({"stage_id": stages[1]})).await.is(200);
    // Here it seems to come from the first stage, and its claim on the second one seems to be new.
    let reply = here.post(&go, json!({"stage_id": stages[1]})).await.is(200);
    assert_eq!(reply.version(), 2);
    there.post(&go, json!({"stage_id": stages[3]})).await.is(200);
    here.post(&go, json!({"stage_id": stages[2]})).await.is(200);
    assert_eq!(here.last_event(deal).await["direction"], "back");
    assert_eq!(here.claims(deal).await, [format!("stage.{}", stages[2])]);
}

#[tokio::test]
async fn a_stage_that_another_process_added_takes_deals_and_one_that_it_retired_takes_none() {
    let here = Api::new().await;
    let there = here.another();
    let (pipeline, stages) = here.default_pipeline().await;
    let deal = here.deal().await;
    let go = path("opportunities", deal, "/move");
    let new = json!({"name": "New", "probability": 1});
    let added = there.post(&path("pipelines", pipeline, "/stages"), new).await.uuid("stage_id");
    here.post(&go, json!({"stage_id": added})).await.is(200);
    let retire = path("pipelines", pipeline, &format!("/stages/{}/retire", stages[1]));
    there.send(Call::post(&retire)).await.is(200);
    here.post(&go, json!({"stage_id": stages[1]})).await.fails(409, "pipeline.stage_retired");
    let retire = path("pipelines", pipeline, &format!("/stages/{added}/retire"));
    there.send(Call::post(&retire)).await.fails(409, "pipeline.stage_holds_open_deals");
}
