//! Where a deal begins, and whether it may be there: what opening, converting and moving ask of the pipeline.

use domain::sales::opportunity::{Deal, Direction, Opportunity};
use domain::sales::pipeline::{Pipeline, PipelineError, Stage, default_pipeline, default_pipeline_id};
use domain::{Percent, PipelineId, StageId};
use event_store::Loaded;

use crate::CommandError;
use crate::unit::Unit;

/// Where a deal is wanted. What is none is chosen for the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placing {
    /// Its pipeline; the tenant's default pipeline if none, which comes into being with its first deal.
    pub pipeline: Option<PipelineId>,
    /// Its stage; the first live one if none.
    pub stage: Option<StageId>,
    /// How likely it is won; the stage's default if none.
    pub probability: Option<Percent>,
}

/// Where a deal begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub pipeline: PipelineId,
    pub stage: StageId,
    pub probability: Percent,
}

/// Finds the place in a pipeline that then must not move before the append, or is created by it.
pub(crate) async fn place(unit: &mut Unit<'_>, placing: &Placing) -> Result<Place, CommandError> {
    let default = default_pipeline_id(unit.tenant());
    let id = placing.pipeline.unwrap_or(default);
    let mut pipeline = unit.load::<Pipeline>(id.as_uuid()).await?;
    if pipeline.sequence > 0 {
        unit.rely_on(&pipeline);
    } else if id == default {
        let create = default_pipeline(unit.tenant()).map_err(|error| CommandError::Internal(error.into()))?;
        pipeline = unit.decide(&pipeline, [create])?;
    } else {
        return Err(CommandError::field("pipeline_id", "must be a pipeline that exists"));
    }
    let stage = stage_of(&pipeline.state, placing.stage)?;
    let probability = placing.probability.unwrap_or(stage.probability);
    Ok(Place { pipeline: id, stage: stage.id, probability })
}

/// The pipeline of a deal, which then must not move before the append.
pub(super) async fn pipeline_of(unit: &mut Unit<'_>, deal: &Deal) -> Result<Loaded<Pipeline>, CommandError> {
    let pipeline = unit.load::<Pipeline>(deal.pipeline.as_uuid()).await?;
    unit.rely_on(&pipeline);
    Ok(pipeline)
}

/// The live stage that is wanted; the first one if none is.
pub(super) fn stage_of(pipeline: &Pipeline, wanted: Option<StageId>) -> Result<&Stage, CommandError> {
    let stage = match wanted {
        Some(id) => pipeline.stage(id),
        None => pipeline.stages().first().ok_or(PipelineError::LastStage),
    };
    stage.map_err(|rule| CommandError::rule(&rule).at("stage_id", "must be a stage of the deal's pipeline"))
}

/// Which way a deal goes to stage `to`. Out of a stage that is none any more, every way leads forward.
pub(super) fn direction(pipeline: &Pipeline, deal: &Opportunity, to: StageId) -> Direction {
    let place = |id| pipeline.stages().iter().position(|stage| stage.id == id);
    match (deal.stage().and_then(place), place(to)) {
        (Some(from), Some(to)) if to < from => Direction::Back,
        _ => Direction::Forward,
    }
}
