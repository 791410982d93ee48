//! What happened to a lead or deal.

use domain::fixtures::{custom_text, key, percent, prose, text};
use domain::sales::ActivityKind;
use domain::sales::lead::{LeadAction, LeadCorrection};
use domain::sales::opportunity::{OpportunityAction, OpportunityRevision};
use domain::sales::pipeline::PipelineAction;
use serde_json::{Value, json};

use crate::plan::{at, lose, money, step};
use crate::world::{World, each};

#[tokio::test]
async fn every_change_is_told_with_both_values_and_the_names_of_stages() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = world.deal(&stages, "Engine").await;
    world.tell_deal(id, at(3, 2, 9), step(&stages, 0, 1)).await;
    let revision = OpportunityRevision {
        amount: Some(Some(money("100.00", "EUR"))),
        custom: [(key("region"), Some(custom_text("North")))].into(),
        ..OpportunityRevision::default()
    };
    world.tell_deal(id, at(3, 3, 9), OpportunityAction::Revise(Box::new(revision))).await;
    world.tell_deal(id, at(3, 4, 9), lose()).await;
    // Ids stay what they are; what they are called is told as of today.
    let rename = PipelineAction::RenameStage { stage: stages.ids[1], name: text("Offer") };
    world.tell_pipeline(stages.pipeline, rename).await;
    world.tell_pipeline(stages.pipeline, PipelineAction::RetireStage { stage: stages.ids[0] }).await;
    world.settle().await;
    let history = world.data(&format!("/api/v1/opportunities/{id}/history")).await;
    let types = ["opportunity.lost", "opportunity.revised", "opportunity.moved", "opportunity.opened"];
    assert_eq!(each(&history, "event_type"), types);
    assert_eq!(each(&history, "sequence"), [4, 3, 2, 1]);
    let moved = &history["items"][2];
    assert_eq!((&moved["actor"], &moved["occurred_at"]), (&json!("sam"), &json!("2025-03-02T09:00:00Z")));
    assert_eq!(
        moved["changes"],
        json!([
            {"field": "stage_id", "from": stages.ids[0], "to": stages.ids[1], "from_name": "Prospect", "to_name": "Offer"},
            {"field": "probability", "from": 10, "to": 50}
        ])
    );
    assert_eq!(
        history["items"][1]["changes"],
        json!([
            {"field": "amount", "from": null, "to": {"amount": "100.00", "currency": "EUR"}},
            {"field": "custom.region", "from": null, "to": "North"}
        ])
    );
    let opened = history["items"][3]["changes"].as_array().unwrap();
    let field = |name: &str| opened.iter().find(|change| change["field"] == name).unwrap();
    assert_eq!(field("pipeline_id")["to_name"], "Sales");
    assert_eq!(field("stage_id")["to_name"], "Prospect");
    assert_eq!(field("stage_id").get("from_name"), None);
}

#[tokio::test]
async fn a_leads_history_tells_activities_and_outlives_the_lead() {
    let world = World::new().await;
    let id = world.lead("Ada").await;
    let uri = format!("/api/v1/leads/{id}/history");
    let summary = prose("Called Ada.\nShe wants a demo.").into();
    world.tell_lead(id, at(3, 2, 9), LeadAction::LogActivity { kind: ActivityKind::Call, summary }).await;
    let name = Some(text::<200>("Ada B.").into());
    let correction = LeadCorrection { name, ..LeadCorrection::default() };
    world.tell_lead(id, at(3, 3, 9), LeadAction::Correct(Box::new(correction))).await;
    world.tell_lead(id, at(3, 4, 9), LeadAction::Qualify { score: percent(70) }).await;
    world.tell_lead(id, at(3, 5, 9), LeadAction::Withdraw { reason: text("Import undone") }).await;
    world.settle().await;
    let history = world.data(&format!("{uri}?sort=sequence")).await;
    assert_eq!(each(&history, "sequence"), [1, 2, 3, 4, 5]);
    let activity = json!({"kind": "call", "summary": "Called Ada.\nShe wants a demo."});
    assert_eq!(each(&history, "activity")[1], &activity);
    let corrected = json!([{"field": "name", "from": "Ada", "to": "Ada B."}]);
    assert_eq!(each(&history, "changes")[2], &corrected);
    let calls = world.data(&format!("{uri}?filter[event_type]=lead.activity_logged&filter[actor]=sam")).await;
    assert_eq!(each(&calls, "sequence"), [2]);
    let early = world.data(&format!("{uri}?filter[occurred_at][lt]=2025-03-03T00:00:00Z")).await;
    assert_eq!(each(&early, "sequence"), [2, 1]);
}

#[tokio::test]
async fn a_long_history_goes_by_pages() {
    let world = World::new().await;
    let (id, other) = (world.lead("Ada").await, world.lead("Grace").await);
    for _ in 0..30 {
        for id in [id, other] {
            let summary = prose("Called.").into();
            world
                .tell_lead(id, at(3, 2, 9), LeadAction::LogActivity { kind: ActivityKind::Call, summary })
                .await;
        }
    }
    world.settle().await;
    let mut uri = format!("/api/v1/leads/{id}/history?page_size=10&sort=occurred_at");
    let mut seen: Vec<i64> = Vec::new();
    loop {
        let data: Value = world.data(&uri).await;
        assert!(each(&data, "aggregate_id").iter().all(|of| **of == json!(id)));
        seen.extend(each(&data, "sequence").iter().filter_map(|sequence| sequence.as_i64()));
        let Some(next) = data["links"]["next"]["href"].as_str() else { break };
        uri = next.to_owned();
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=31).collect::<Vec<_>>());
    let cursor = uri.rsplit_once("cursor=").unwrap().1;
    let foreign = format!("/api/v1/leads/{other}/history?page_size=10&sort=occurred_at&cursor={cursor}");
    assert_eq!(world.get(&foreign).await.bad_fields(), ["cursor"]);
}
