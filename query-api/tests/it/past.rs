//! `as_of`: things as they were.

use axum::http::StatusCode;
use chrono::Utc;
use domain::fixtures::{percent, prose, text};
use domain::sales::ActivityKind;
use domain::sales::lead::LeadAction;
use domain::sales::opportunity::OpportunityAction;
use serde_json::json;

use crate::plan::{at, lose, new_deal, new_id, new_lead, open, step};
use crate::world::World;

fn assign(owner: &str) -> OpportunityAction {
    OpportunityAction::Assign { owner: Some(text(owner)) }
}

#[tokio::test]
async fn a_deal_is_shown_as_it_was_known_at_each_position() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = new_id();
    let mut positions = Vec::new();
    for (when, action) in [
        (at(3, 1, 9), open(new_deal(&stages, "Engine"))),
        (at(3, 2, 9), step(&stages, 0, 1)),
        (at(3, 3, 9), assign("kim")),
        (at(3, 4, 9), lose()),
    ] {
        positions.push(world.tell_deal(id, when, action).await);
        world.settle().await;
        let now = world.data(&format!("/api/v1/opportunities/{id}")).await;
        // Nothing was recorded after this position yet, so the past state is the present row, links aside.
        let uri = format!("/api/v1/opportunities/{id}?as_of={}", positions[positions.len() - 1]);
        let reply = world.get(&uri).await;
        assert_eq!(reply.headers["etag"].to_str().unwrap(), format!("\"{}\"", positions.len()));
        let mut past = reply.data(&uri);
        assert_eq!(past["links"]["self"]["href"], json!(uri));
        assert_eq!(past["links"].as_object().unwrap().len(), 3, "the past has no commands: {past}");
        past["links"] = now["links"].clone();
        assert_eq!(past, now);
    }
    let uri = format!("/api/v1/opportunities/{id}?as_of={}", positions[1]);
    let reply = world.get(&uri).await;
    assert_eq!(reply.body["meta"]["position"], positions[1]);
    assert_eq!(reply.body["data"]["stage_id"], json!(stages.ids[1]));
    assert_eq!(reply.body["data"]["owner"], json!(null));
    let before = world.get(&format!("/api/v1/opportunities/{id}?as_of={}", positions[0] - 1)).await;
    assert_eq!(before.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_time_counts_what_had_happened_by_then_also_if_it_was_entered_later() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = new_id();
    world.tell_deal(id, at(3, 1, 9), open(new_deal(&stages, "Engine"))).await;
    world.tell_deal(id, at(3, 9, 9), step(&stages, 0, 1)).await;
    // Entered after the move, and dated before it.
    world.tell_deal(id, at(3, 5, 9), assign("kim")).await;
    let owner_and_stage = async |time: &str| {
        let uri = format!("/api/v1/opportunities/{id}?as_of={time}");
        let reply = world.get(&uri).await;
        assert_eq!(reply.body["meta"]["as_of"], json!(time));
        let deal = reply.data(&uri);
        (deal["owner"].clone(), deal["stage_id"].clone())
    };
    let [first, second, _] = stages.ids;
    assert_eq!(owner_and_stage("2025-03-04T00:00:00Z").await, (json!(null), json!(first)));
    assert_eq!(owner_and_stage("2025-03-05T09:00:00Z").await, (json!("kim"), json!(first)));
    assert_eq!(owner_and_stage("2025-03-10T00:00:00Z").await, (json!("kim"), json!(second)));
    let before = world.get(&format!("/api/v1/opportunities/{id}?as_of=2025-03-01T08:59:59Z")).await;
    assert_eq!(before.status, StatusCode::NOT_FOUND);
}

/// Longer than what is read of a history at once.
#[tokio::test]
async fn of_a_long_history_everything_counts_that_had_happened() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = new_id();
    world.tell_deal(id, at(3, 1, 9), open(new_deal(&stages, "Engine"))).await;
    for number in 0..520 {
        world.tell_deal(id, at(3, 9, 9), assign(&format!("rep {number}"))).await;
    }
    let entered_late = world.tell_deal(id, at(3, 5, 9), assign("kim")).await;
    let owner = async |as_of: String| {
        world.data(&format!("/api/v1/opportunities/{id}?as_of={as_of}")).await["owner"].clone()
    };
    assert_eq!(owner("2025-03-04T00:00:00Z".to_owned()).await, json!(null));
    assert_eq!(owner("2025-03-06T00:00:00Z".to_owned()).await, json!("kim"));
    assert_eq!(owner((entered_late - 1).to_string()).await, json!("rep 519"));
    assert_eq!(owner((entered_late - 520).to_string()).await, json!("rep 0"));
}

/// A call that was noted as made before the lead was captured does not bring the lead into being.
#[tokio::test]
async fn nothing_exists_before_it_began() {
    let world = World::new().await;
    let id = new_id();
    world.tell_lead(id, at(3, 5, 9), LeadAction::Capture(Box::new(new_lead("Ada")))).await;
    let call = LeadAction::LogActivity { kind: ActivityKind::Call, summary: prose("Called.").into() };
    world.tell_lead(id, at(3, 1, 9), call).await;
    let between = world.get(&format!("/api/v1/leads/{id}?as_of=2025-03-03T00:00:00Z")).await;
    assert_eq!(between.status, StatusCode::NOT_FOUND);
    let after = world.data(&format!("/api/v1/leads/{id}?as_of=2025-03-06T00:00:00Z")).await;
    assert_eq!(after["activities"], 1);
}

#[tokio::test]
async fn what_was_taken_back_was_there_before() {
    let world = World::new().await;
    let id = world.lead("Ada").await;
    world.tell_lead(id, at(3, 2, 9), LeadAction::Qualify { score: percent(40) }).await;
    world.tell_lead(id, at(3, 4, 9), LeadAction::Withdraw { reason: text("Import undone") }).await;
    world.settle().await;
    assert_eq!(world.get(&format!("/api/v1/leads/{id}")).await.status, StatusCode::NOT_FOUND);
    let before = world.data(&format!("/api/v1/leads/{id}?as_of=2025-03-03T00:00:00Z")).await;
    assert_eq!((&before["status"], &before["score"]), (&json!("qualified"), &json!(40)));
    let now = Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(world.get(&format!("/api/v1/leads/{id}?as_of={now}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_point_of_the_past_that_cannot_be_read_is_named() {
    let world = World::new().await;
    let id = world.lead("Ada").await;
    for text in ["yesterday", "-1", "1e3", "2025-03-05", "99999999999999999999"] {
        let reply = world.get(&format!("/api/v1/leads/{id}?as_of={text}")).await;
        assert_eq!(reply.bad_fields(), ["as_of"], "{text:?}");
    }
    assert_eq!(world.get(&format!("/api/v1/leads/{id}?as_of=1&as=2")).await.bad_fields(), ["as"]);
}
