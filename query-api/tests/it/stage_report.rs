//! The way through the stages, counted when it was gone.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::fixtures::text;
use domain::sales::pipeline::PipelineAction;
use domain::{OpportunityId, StageId};
use serde_json::{Value, json};

use crate::plan::{Dice, Stages, at, lose, new_deal, new_id, noon, open, reopen, step, win};
use crate::world::World;

/// A visit of a deal to a stage, as the test went through it.
struct Stay {
    stage: usize,
    entered: DateTime<Utc>,
    left: Option<(DateTime<Utc>, &'static str)>,
}

/// Takes a deal through the stages, noting what it did.
async fn wander(world: &World, stages: &Stages, dice: &mut Dice) -> Vec<Stay> {
    let id: OpportunityId = new_id();
    let mut when =
        noon(NaiveDate::from_ymd_opt(2025, 1, 1).unwrap()) + Duration::hours(dice.roll(2_000).cast_signed());
    let enter = |stage: usize, entered: DateTime<Utc>| Stay { stage, entered, left: None };
    world.tell_deal(id, when, open(new_deal(stages, "Engine"))).await;
    let mut stays = vec![enter(0, when)];
    for _ in 0..dice.roll(6) {
        when += Duration::hours(dice.roll(700).cast_signed());
        let last = stays.last_mut().unwrap();
        if last.left.is_some() {
            world.tell_deal(id, when, reopen(stages, 1)).await;
            stays.push(enter(1, when));
            continue;
        }
        let from = last.stage;
        let to = usize::try_from(dice.roll(5)).unwrap();
        let (action, by, into) = match to {
            3 => (win("10.00", "EUR"), "won", None),
            4 => (lose(), "lost", None),
            to if to == from => continue,
            to if to > from => (step(stages, from, to), "advanced", Some(to)),
            to => (step(stages, from, to), "returned", Some(to)),
        };
        last.left = Some((when, by));
        world.tell_deal(id, when, action).await;
        stays.extend(into.map(|stage| enter(stage, when)));
    }
    stays
}

/// Linear between the two nearest, as `percentile_cont` does.
fn percentile(sorted: &[f64], part: f64) -> Value {
    let Some(last) = sorted.len().checked_sub(1) else { return Value::Null };
    let place = part * f64::from(u32::try_from(last).unwrap());
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    json!(((below + (above - below) * place.fract()) * 100.0).round() / 100.0)
}

fn figures(stays: &[Stay], stage: usize, from: DateTime<Utc>, to: DateTime<Utc>) -> Value {
    let within = |time: DateTime<Utc>| time >= from && time < to;
    let here = || stays.iter().filter(|stay| stay.stage == stage);
    let ended =
        || here().filter_map(|stay| stay.left.filter(|(when, _)| within(*when)).map(|left| (stay, left)));
    let by = |ways: &[&str]| ended().filter(|(_, (_, by))| ways.contains(by)).count();
    let mut days: Vec<f64> = ended()
        .map(|(stay, (left, _))| {
            f64::from(i32::try_from((left - stay.entered).num_seconds()).unwrap()) / 86_400.0
        })
        .collect();
    days.sort_by(f64::total_cmp);
    json!({
        "entered": here().filter(|stay| within(stay.entered)).count(),
        "advanced": by(&["advanced", "won"]),
        "returned": by(&["returned"]),
        "won": by(&["won"]),
        "lost": by(&["lost"]),
        "median_days": percentile(&days, 0.5),
        "p90_days": percentile(&days, 0.9),
    })
}

/// The figures of a stage, without what it is called.
fn of_stage(report: &Value, stage: StageId) -> Value {
    let stages = report["stages"].as_array().unwrap();
    let mut found = stages.iter().find(|of| of["stage_id"] == json!(stage)).unwrap().clone();
    for name in ["pipeline_id", "stage_id", "name", "retired"] {
        found.as_object_mut().unwrap().remove(name).unwrap();
    }
    found
}

#[tokio::test]
async fn everything_is_counted_in_the_period_in_which_it_happened() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let mut dice = Dice(7);
    let mut stays = Vec::new();
    for _ in 0..80 {
        stays.extend(wander(&world, &stages, &mut dice).await);
    }
    world.settle().await;
    let (always, never) = (at(1, 1, 0), at(12, 31, 0) + Duration::days(365));
    for (query, from, to) in [
        ("", always, never),
        ("?from=2025-02-01&to=2025-03-01", at(2, 1, 0), at(3, 1, 0)),
        ("?from=2025-03-15", at(3, 15, 0), never),
        ("?to=2025-02-10", always, at(2, 10, 0)),
    ] {
        let report = world.data(&format!("/api/v1/reports/stages{query}")).await;
        let ids: Vec<_> =
            report["stages"].as_array().unwrap().iter().map(|stage| &stage["stage_id"]).collect();
        assert_eq!(ids, stages.ids.map(|id| json!(id)).iter().collect::<Vec<_>>());
        for (index, id) in stages.ids.into_iter().enumerate() {
            assert_eq!(of_stage(&report, id), figures(&stays, index, from, to), "stage {index} {query}");
        }
    }
}

async fn deal_of_august(world: &World, stages: &Stages) -> OpportunityId {
    let id = new_id();
    world.tell_deal(id, at(8, 1, 9), open(new_deal(stages, "Another"))).await;
    id
}

#[tokio::test]
async fn what_happens_later_leaves_a_period_that_is_over_as_it_is() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let mut dice = Dice(8);
    for _ in 0..30 {
        wander(&world, &stages, &mut dice).await;
    }
    // Deals that are still somewhere when the period ends.
    let mut ids = Vec::new();
    for _ in 0..6 {
        let id = world.deal(&stages, "Engine").await;
        world.tell_deal(id, at(3, 2, 9), step(&stages, 0, 1)).await;
        ids.push(id);
    }
    world.tell_deal(ids[4], at(3, 3, 9), win("10.00", "EUR")).await;
    world.tell_deal(ids[5], at(3, 3, 9), lose()).await;
    world.settle().await;
    let uri = format!("/api/v1/reports/stages?from=2025-02-01&to=2025-04-01&pipeline_id={}", stages.pipeline);
    let of_all = async || {
        let report = world.data(&uri).await;
        stages.ids.map(|id| of_stage(&report, id))
    };
    let before = of_all().await;
    assert!(before.iter().any(|stage| stage["entered"].as_i64() > Some(5)), "{before:?}");

    let later = at(9, 1, 9);
    world.tell_deal(ids[0], later, step(&stages, 1, 2)).await;
    world.tell_deal(ids[1], later, step(&stages, 1, 0)).await;
    world.tell_deal(ids[1], later, step(&stages, 0, 2)).await;
    world.tell_deal(ids[2], later, win("10.00", "EUR")).await;
    world.tell_deal(ids[3], later, lose()).await;
    world.tell_deal(ids[4], later, reopen(&stages, 2)).await;
    world.tell_deal(ids[5], later, reopen(&stages, 0)).await;
    let another = deal_of_august(&world, &stages).await;
    world.tell_deal(another, later, step(&stages, 0, 1)).await;
    let [first, second, third] = stages.ids;
    for action in [
        PipelineAction::RenameStage { stage: first, name: text("Somebody") },
        PipelineAction::ReorderStages { stages: vec![third, second, first] },
        PipelineAction::RetireStage { stage: second },
        PipelineAction::Rename { name: text("New business") },
    ] {
        world.tell_pipeline(stages.pipeline, action).await;
    }
    world.settle().await;
    assert_eq!(of_all().await, before);
    let report = world.data(&uri).await;
    let told: Vec<_> = report["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| (&stage["name"], &stage["retired"]))
        .collect();
    let (no, yes) = (json!(false), json!(true));
    let names = [json!("Negotiation"), json!("Somebody"), json!("Proposal")];
    assert_eq!(told, [(&names[0], &no), (&names[1], &no), (&names[2], &yes)]);
}

#[tokio::test]
async fn a_retired_stage_is_told_of_only_where_something_happened_in_it() {
    let world = World::new().await;
    let stages = world.pipeline().await;
    let id = world.deal(&stages, "Engine").await;
    world.tell_deal(id, at(3, 2, 9), step(&stages, 0, 1)).await;
    world.tell_pipeline(stages.pipeline, PipelineAction::RetireStage { stage: stages.ids[0] }).await;
    world.settle().await;
    let names = async |query: &str| {
        let report = world.data(&format!("/api/v1/reports/stages{query}")).await;
        let stages = report["stages"].as_array().unwrap().iter();
        stages.map(|stage| stage["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Proposal", "Negotiation", "Prospect"]);
    assert_eq!(names("?from=2025-04-01").await, ["Proposal", "Negotiation"]);
}
