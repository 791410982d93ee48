//! One example of each event of a pipeline.

use super::{PipelineEvent, Stage};
use crate::fixtures::{id, percent, text};
use crate::{PipelineId, StageId};

/// The pipeline of the examples.
pub const PIPELINE: PipelineId = id(1);
/// Its first stage.
pub const PROSPECT: StageId = id(11);
/// Its second stage.
pub const PROPOSAL: StageId = id(12);
/// The stage that is added to it.
pub const TRIAL: StageId = id(13);

/// One of each.
pub fn all() -> Vec<PipelineEvent> {
    vec![
        created(),
        renamed(),
        stage_added(),
        stage_renamed(),
        stage_probability_changed(),
        stages_reordered(),
        stage_retired(),
    ]
}

/// A stage.
pub fn stage(id: StageId, name: &str, probability: u8) -> Stage {
    Stage { id, name: text(name), probability: percent(probability) }
}

/// `pipeline.created`
pub fn created() -> PipelineEvent {
    let stages = vec![stage(PROSPECT, "Prospect", 10), stage(PROPOSAL, "Proposal", 50)];
    PipelineEvent::Created { name: text("Sales pipeline"), stages }
}

/// `pipeline.renamed`
pub fn renamed() -> PipelineEvent {
    PipelineEvent::Renamed { from: text("Sales pipeline"), to: text("New business") }
}

/// `pipeline.stage_added`
pub fn stage_added() -> PipelineEvent {
    PipelineEvent::StageAdded { stage: stage(TRIAL, "Trial", 30), before: Some(PROPOSAL) }
}

/// `pipeline.stage_renamed`
pub fn stage_renamed() -> PipelineEvent {
    PipelineEvent::StageRenamed { stage: TRIAL, from: text("Trial"), to: text("Pilot") }
}

/// `pipeline.stage_probability_changed`
pub fn stage_probability_changed() -> PipelineEvent {
    PipelineEvent::StageProbabilityChanged { stage: TRIAL, from: percent(30), to: percent(40) }
}

/// `pipeline.stages_reordered`
pub fn stages_reordered() -> PipelineEvent {
    PipelineEvent::StagesReordered {
        from: vec![PROSPECT, TRIAL, PROPOSAL],
        to: vec![PROSPECT, PROPOSAL, TRIAL],
    }
}

/// `pipeline.stage_retired`
pub fn stage_retired() -> PipelineEvent {
    PipelineEvent::StageRetired { stage: stage(TRIAL, "Pilot", 40) }
}
