//! The board of a pipeline.

use chrono::Utc;
use domain::fixtures::{percent, text};
use domain::sales::pipeline::{PipelineAction, Stage};
use serde_json::{Value, json};

use crate::plan::{Dice, NAMES, PROBABILITIES, Stages, new_id};
use crate::told::{Told, tell_many, totals};
use crate::world::{World, each};

/// The open deals of a stage, those that have been in it longest first.
fn in_stage(told: &[Told], stage: usize) -> Vec<&Told> {
    let mut deals: Vec<_> = told.iter().filter(|deal| deal.is_open() && deal.stage == stage).collect();
    deals.sort_by_key(|deal| (deal.since, deal.id));
    deals
}

fn ids(cards: &Value) -> Vec<&Value> {
    cards.as_array().unwrap().iter().map(|card| &card["id"]).collect()
}

async fn board_of_many(world: &World) -> (Stages, Vec<Told>) {
    let stages = world.pipeline().await;
    let told = tell_many(world, &stages, 120, &mut Dice(4)).await;
    (stages, told)
}

#[tokio::test]
async fn each_stage_tells_what_its_open_deals_come_to_and_shows_the_oldest() {
    let world = World::new().await;
    let (stages, told) = board_of_many(&world).await;
    let board = world.data(&format!("/api/v1/pipelines/{}/board", stages.pipeline)).await;
    assert_eq!((&board["name"], &board["pipeline_id"]), (&json!("Sales"), &json!(stages.pipeline)));
    assert_eq!(board["stages"].as_array().unwrap().len(), 3);
    for (index, stage) in board["stages"].as_array().unwrap().iter().enumerate() {
        let expected = in_stage(&told, index);
        assert!(expected.len() > 5);
        assert_eq!(stage["id"], json!(stages.ids[index]));
        assert_eq!(
            (&stage["name"], &stage["probability"]),
            (&json!(NAMES[index]), &json!(PROBABILITIES[index]))
        );
        assert_eq!(stage["count"], expected.len());
        let without = expected.iter().filter(|deal| deal.amount.is_none()).count();
        assert_eq!(stage["without_amount"], without);
        assert_eq!(stage["totals"], totals(expected.iter().copied()));
        let expected_ids: Vec<_> = expected.iter().map(|deal| json!(deal.id)).collect();
        assert_eq!(ids(&stage["cards"]), expected_ids.iter().collect::<Vec<_>>());
        for (card, deal) in stage["cards"].as_array().unwrap().iter().zip(&expected) {
            assert_eq!(card["days_in_stage"], (Utc::now() - deal.since).num_days());
            assert_eq!(card["links"]["move"]["method"], "POST");
        }
        assert_eq!(stage["links"].get("rest"), None);
        let deals = world.data(stage["links"]["deals"]["href"].as_str().unwrap()).await;
        assert_eq!(each(&deals, "id"), expected_ids.iter().take(25).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_rest_of_a_stage_goes_on_after_its_last_card() {
    let world = World::new().await;
    let (stages, told) = board_of_many(&world).await;
    let uri = format!("/api/v1/pipelines/{}/board?cards=3", stages.pipeline);
    let board = world.data(&uri).await;
    for (index, stage) in board["stages"].as_array().unwrap().iter().enumerate() {
        let expected: Vec<_> = in_stage(&told, index).iter().map(|deal| json!(deal.id)).collect();
        assert_eq!(ids(&stage["cards"]), expected.iter().take(3).collect::<Vec<_>>());
        assert_eq!(stage["count"], expected.len());
        let rest = world.data(stage["links"]["rest"]["href"].as_str().unwrap()).await;
        assert_eq!(each(&rest, "id"), expected.iter().skip(3).take(25).collect::<Vec<_>>());
    }
    let board = world.data(&format!("/api/v1/pipelines/{}/board?cards=0", stages.pipeline)).await;
    let stage = &board["stages"][0];
    assert_eq!((&stage["cards"], &stage["count"]), (&json!([]), &json!(in_stage(&told, 0).len())));
    assert_eq!(stage["links"]["rest"], stage["links"]["deals"]);
    for cards in ["201", "-1", "x"] {
        let uri = format!("/api/v1/pipelines/{}/board?cards={cards}", stages.pipeline);
        assert_eq!(world.get(&uri).await.bad_fields(), ["cards"]);
    }
}

#[tokio::test]
async fn stages_are_shown_live_and_in_order_even_if_nothing_is_in_them() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let [first, second, third] = stages.ids;
    let trial = Stage { id: new_id(), name: text("Trial"), probability: percent(30) };
    for action in [
        PipelineAction::AddStage { stage: trial.clone(), before: Some(second) },
        PipelineAction::RetireStage { stage: first },
        PipelineAction::ReorderStages { stages: vec![third, second, trial.id] },
        PipelineAction::RenameStage { stage: second, name: text("Offer") },
    ] {
        world.tell_pipeline(stages.pipeline, action).await;
    }
    world.settle().await;
    let board = world.data(&format!("/api/v1/pipelines/{}/board", stages.pipeline)).await;
    let names: Vec<_> = board["stages"].as_array().unwrap().iter().map(|stage| &stage["name"]).collect();
    assert_eq!(names, ["Negotiation", "Offer", "Trial"]);
    let empty = json!({
        "id": trial.id, "name": "Trial", "probability": 30, "count": 0, "without_amount": 0, "totals": [], "cards": []
    });
    let mut stage = board["stages"][2].clone();
    stage.as_object_mut().unwrap().remove("links");
    assert_eq!(stage, empty);
}
