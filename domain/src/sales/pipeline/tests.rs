use super::fixtures::{
    PROPOSAL, PROSPECT, TRIAL, created, renamed, stage, stage_added, stage_renamed, stage_retired,
    stages_reordered,
};
use super::{
    MAX_STAGES, Pipeline, PipelineAction, PipelineError, PipelineEvent, Stage, default_pipeline,
    default_pipeline_id,
};
use crate::fixtures::{id, percent, text};
use crate::testing::{given, on};
use crate::{Rule, StageId, TenantId};

fn decide(
    events: impl IntoIterator<Item = PipelineEvent>,
    action: PipelineAction,
) -> Result<Vec<PipelineEvent>, PipelineError> {
    given::<Pipeline>(events).decide(on(10, action))
}

fn create(stages: Vec<Stage>) -> PipelineAction {
    PipelineAction::Create { name: text("Sales pipeline"), stages }
}

fn add(stage: Stage) -> PipelineAction {
    PipelineAction::AddStage { stage, before: Some(PROPOSAL) }
}

fn many(count: usize) -> Vec<Stage> {
    (0..count).map(|n| stage(id(100 + n as u128), &format!("Stage {n}"), 10)).collect()
}

#[test]
fn a_pipeline_is_created_with_its_stages() {
    let stages = vec![stage(PROSPECT, "Prospect", 10), stage(PROPOSAL, "Proposal", 50)];
    assert_eq!(decide([], create(stages)), Ok(vec![created()]));
}

#[test]
fn a_pipeline_is_created_only_once() {
    assert_eq!(decide([created()], create(many(1))), Err(PipelineError::AlreadyExists));
}

#[test]
fn a_pipeline_needs_a_stage_and_has_at_most_fifty() {
    assert_eq!(decide([], create(vec![])), Err(PipelineError::LastStage));
    assert!(decide([], create(many(MAX_STAGES))).is_ok());
    assert_eq!(decide([], create(many(MAX_STAGES + 1))), Err(PipelineError::TooManyStages));
}

#[test]
fn a_new_pipeline_has_no_two_stages_of_one_name_or_id() {
    let same_name = vec![stage(PROSPECT, "Prospect", 10), stage(PROPOSAL, "PROSPECT", 50)];
    assert_eq!(decide([], create(same_name)), Err(PipelineError::DuplicateStageName));
    let same_id = vec![stage(PROSPECT, "Prospect", 10), stage(PROSPECT, "Proposal", 50)];
    assert_eq!(decide([], create(same_id)), Err(PipelineError::StageExists));
}

#[test]
fn nothing_can_be_done_with_a_pipeline_that_does_not_exist() {
    let rename = PipelineAction::Rename { name: text("New business") };
    assert_eq!(decide([], rename), Err(PipelineError::NotFound));
    assert_eq!(decide([], PipelineAction::RetireStage { stage: TRIAL }), Err(PipelineError::NotFound));
}

#[test]
fn a_pipeline_is_renamed_unless_it_has_that_name() {
    let rename = PipelineAction::Rename { name: text("New business") };
    assert_eq!(decide([created()], rename.clone()), Ok(vec![renamed()]));
    assert_eq!(decide([created(), renamed()], rename), Ok(vec![]));
}

#[test]
fn a_stage_is_added_in_front_of_another_or_at_the_end() {
    let added = decide([created()], add(stage(TRIAL, "Trial", 30))).unwrap();
    assert_eq!(added, vec![stage_added()]);
    assert_eq!(ids(&given([created(), stage_added()])), [PROSPECT, TRIAL, PROPOSAL]);

    let last = PipelineEvent::StageAdded { stage: stage(TRIAL, "Trial", 30), before: None };
    assert_eq!(ids(&given([created(), last])), [PROSPECT, PROPOSAL, TRIAL]);
}

#[test]
fn a_stage_is_not_added_twice_nor_under_a_name_in_use() {
    let again = add(stage(TRIAL, "Another", 30));
    assert_eq!(decide([created(), stage_added()], again.clone()), Err(PipelineError::StageExists));
    let retired = [created(), stage_added(), stage_retired()];
    assert_eq!(decide(retired.clone(), again), Err(PipelineError::StageExists));
    assert_eq!(
        decide([created()], add(stage(TRIAL, "prospect", 30))),
        Err(PipelineError::DuplicateStageName)
    );
    assert!(decide(retired, add(stage(id(14), "Pilot", 30))).is_ok(), "the name of a retired stage is free");
}

#[test]
fn a_stage_is_not_added_in_front_of_a_stage_that_is_not_there() {
    let before =
        |stage_id| PipelineAction::AddStage { stage: stage(id(14), "Trial", 30), before: Some(stage_id) };
    assert_eq!(decide([created()], before(id(99))), Err(PipelineError::UnknownStage));
    let retired = [created(), stage_added(), stage_retired()];
    assert_eq!(decide(retired, before(TRIAL)), Err(PipelineError::StageRetired));
}

#[test]
fn a_fifty_first_stage_is_refused() {
    let full = PipelineEvent::Created { name: text("Full"), stages: many(MAX_STAGES) };
    let one_more = PipelineAction::AddStage { stage: stage(TRIAL, "Trial", 30), before: None };
    assert_eq!(decide([full], one_more), Err(PipelineError::TooManyStages));
}

#[test]
fn a_stage_is_renamed_unless_it_has_that_name() {
    let rename = |name| PipelineAction::RenameStage { stage: TRIAL, name: text(name) };
    let before = [created(), stage_added()];
    assert_eq!(decide(before.clone(), rename("Pilot")), Ok(vec![stage_renamed()]));
    assert_eq!(decide(before.clone(), rename("Trial")), Ok(vec![]));
    assert_eq!(decide(before.clone(), rename("TRIAL")).map(|events| events.len()), Ok(1));
    assert_eq!(decide(before.clone(), rename("PROPOSAL")), Err(PipelineError::DuplicateStageName));
    assert_eq!(decide([created()], rename("Pilot")), Err(PipelineError::UnknownStage));
    assert_eq!(
        decide(before.into_iter().chain([stage_retired()]), rename("X")),
        Err(PipelineError::StageRetired)
    );
}

#[test]
fn a_stage_gets_another_default_probability_unless_it_has_it() {
    let change = |value| PipelineAction::ChangeProbability { stage: TRIAL, probability: percent(value) };
    let before = [created(), stage_added()];
    assert_eq!(decide(before.clone(), change(40)), Ok(vec![super::fixtures::stage_probability_changed()]));
    assert_eq!(decide(before, change(30)), Ok(vec![]));
    assert_eq!(decide([created()], change(40)), Err(PipelineError::UnknownStage));
}

#[test]
fn stages_are_reordered_by_naming_each_exactly_once() {
    let reorder = |stages: &[StageId]| PipelineAction::ReorderStages { stages: stages.to_vec() };
    let before = [created(), stage_added()];
    let wanted = [PROSPECT, PROPOSAL, TRIAL];
    assert_eq!(decide(before.clone(), reorder(&wanted)), Ok(vec![stages_reordered()]));
    assert_eq!(ids(&given([created(), stage_added(), stages_reordered()])), wanted);
    assert_eq!(decide(before.clone(), reorder(&[PROSPECT, TRIAL, PROPOSAL])), Ok(vec![]));
    for incomplete in [
        &[PROSPECT, PROPOSAL][..],
        &[PROSPECT, PROPOSAL, PROPOSAL],
        &[PROSPECT, PROPOSAL, id(99)],
        &[PROSPECT, PROPOSAL, TRIAL, TRIAL],
    ] {
        assert_eq!(decide(before.clone(), reorder(incomplete)), Err(PipelineError::IncompleteOrder));
    }
}

#[test]
fn a_stage_is_retired_once_and_the_last_one_never() {
    let retire = |stage| PipelineAction::RetireStage { stage };
    let renamed = [created(), stage_added(), stage_renamed(), super::fixtures::stage_probability_changed()];
    assert_eq!(decide(renamed, retire(TRIAL)), Ok(vec![stage_retired()]));
    assert_eq!(decide([created(), stage_added(), stage_retired()], retire(TRIAL)), Ok(vec![]));
    assert_eq!(decide([created()], retire(TRIAL)), Err(PipelineError::UnknownStage));

    let proposal_retired = PipelineEvent::StageRetired { stage: stage(PROPOSAL, "Proposal", 50) };
    assert_eq!(decide([created(), proposal_retired], retire(PROSPECT)), Err(PipelineError::LastStage));
}

#[test]
fn a_caller_learns_whether_a_stage_takes_deals() {
    let pipeline = given::<Pipeline>([created(), stage_added(), stage_retired()]);
    assert_eq!(pipeline.stage(PROSPECT), Ok(&stage(PROSPECT, "Prospect", 10)));
    assert_eq!(pipeline.stage(TRIAL), Err(PipelineError::StageRetired));
    assert_eq!(pipeline.stage(id(99)), Err(PipelineError::UnknownStage));
    assert_eq!(Pipeline::default().stage(PROSPECT), Err(PipelineError::NotFound));
}

#[test]
fn the_future_and_the_distant_past_are_refused() {
    let pipeline = given::<Pipeline>([created()]);
    let rename = PipelineAction::Rename { name: text("New business") };
    assert_eq!(pipeline.decide(on(31, rename.clone())), Err(PipelineError::OccurredInFuture));
    let mut early = on(10, rename);
    early.occurred_at = "1899-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(pipeline.decide(early), Err(PipelineError::OccurredTooEarly));
}

#[test]
fn the_default_pipeline_is_valid_and_the_same_each_time() {
    let tenant: TenantId = id(7);
    let action = default_pipeline(tenant).unwrap();
    assert_eq!(default_pipeline(tenant).unwrap(), action);
    assert_ne!(default_pipeline(id(8)).unwrap(), action);
    assert_ne!(default_pipeline_id(tenant), default_pipeline_id(id(8)));

    let pipeline = given::<Pipeline>(decide([], action).unwrap());
    let stages: Vec<_> = pipeline.stages().iter().map(|s| (s.name.as_str(), s.probability.get())).collect();
    assert_eq!(stages, [("Prospect", 10), ("Qualified", 20), ("Proposal", 50), ("Negotiation", 80)]);
}

/// These ids are in the logs of tenants: should this test fail, the derivation has changed and must not.
#[test]
fn the_ids_of_the_default_pipeline_never_change() {
    let pipeline = given::<Pipeline>(decide([], default_pipeline(id(7)).unwrap()).unwrap());
    let stages: Vec<_> = ids(&pipeline).iter().map(ToString::to_string).collect();
    assert_eq!(default_pipeline_id(id(7)).to_string(), "af156de1-6c36-5f7e-a0ca-3cf3717891d4");
    assert_eq!(
        stages,
        [
            "0fa1a473-157d-5f34-aa43-b95dad236d36",
            "113b20ea-be59-5987-8ea9-cd8072768d83",
            "38ed99c6-e6bb-5152-a4c9-d8b029dd8c66",
            "84074e46-cd78-53a7-b66b-686a52f212dd",
        ]
    );
}

#[test]
fn codes_name_the_aggregate_and_the_rule() {
    assert_eq!(PipelineError::StageHoldsOpenDeals.code(), "pipeline.stage_holds_open_deals");
}

fn ids(pipeline: &Pipeline) -> Vec<StageId> {
    pipeline.stages().iter().map(|stage| stage.id).collect()
}
