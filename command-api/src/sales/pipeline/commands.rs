//! Commands on pipelines, for the routes and for callers in process.

use domain::sales::pipeline::{
    MAX_STAGES, Pipeline, PipelineAction, PipelineError, Stage, default_pipeline, default_pipeline_id,
};
use domain::{Percent, PipelineId, StageId, TenantId, Text};

use crate::dispatch::{change, create as create_aggregate, dispatch};
use crate::sales::aggregates::stage_scope;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Sets up a pipeline under an id that was never used.
///
/// # Errors
/// A rule of pipelines, or those of [`crate::dispatch()`].
pub async fn create(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    name: Text<200>,
    stages: Vec<Stage>,
) -> Result<Accepted, CommandError> {
    if !(1..=MAX_STAGES).contains(&stages.len()) {
        return Err(CommandError::field("stages", &format!("must be 1 to {MAX_STAGES} stages")));
    }
    create_aggregate::<Pipeline>(app, context, id.as_uuid(), PipelineAction::Create { name, stages }).await
}

/// Makes sure that the tenant's default pipeline exists.
///
/// # Errors
/// Those of [`crate::dispatch()`].
pub async fn ensure_default(app: &CommandApi, context: &Context) -> Result<Accepted, CommandError> {
    let id = default_pipeline_id(context.tenant).as_uuid();
    let action = default_pipeline(context.tenant).map_err(|error| CommandError::Internal(error.into()))?;
    let action = &action;
    dispatch(app, context, move |mut unit| async move {
        let pipeline = unit.load::<Pipeline>(id).await?;
        let created = pipeline.sequence == 0;
        let pipeline = if created { unit.decide(&pipeline, [action.clone()])? } else { pipeline };
        Ok(unit.done(Accepted { created, ..Accepted::of(id, pipeline.sequence) }))
    })
    .await
}

/// Calls it something else.
///
/// # Errors
/// A rule of pipelines, or those of [`crate::dispatch()`].
pub async fn rename(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    name: Option<Text<200>>,
) -> Result<Accepted, CommandError> {
    let actions = name.map(|name| PipelineAction::Rename { name }).into_iter().collect();
    change::<Pipeline>(app, context, id.as_uuid(), actions).await
}

/// Adds a stage, in front of another or at the end.
///
/// # Errors
/// A rule of pipelines, or those of [`crate::dispatch()`].
pub async fn add_stage(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    stage: Stage,
    before: Option<StageId>,
) -> Result<Accepted, CommandError> {
    let stage = &stage;
    dispatch(app, context, move |mut unit| async move {
        let pipeline = unit.target::<Pipeline>(id.as_uuid()).await?;
        if let Some(before) = before {
            let found = pipeline.state.stage(before);
            found.map_err(|rule| {
                CommandError::rule(&rule).at("before_stage_id", "must be a stage of the pipeline")
            })?;
        }
        let next = unit.decide(&pipeline, [PipelineAction::AddStage { stage: stage.clone(), before }])?;
        let stage_id = Some(stage.id.as_uuid());
        Ok(unit.done(Accepted { stage_id, ..Accepted::of(id.as_uuid(), next.sequence) }))
    })
    .await
}

/// Changes the name of a stage, its probability, or both.
///
/// # Errors
/// A rule of pipelines, or those of [`crate::dispatch()`]. An unknown stage is not found.
pub async fn change_stage(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    stage: StageId,
    name: Option<Text<100>>,
    probability: Option<Percent>,
) -> Result<Accepted, CommandError> {
    let rename = name.map(|name| PipelineAction::RenameStage { stage, name });
    let weigh = probability.map(|probability| PipelineAction::ChangeProbability { stage, probability });
    let actions: Vec<PipelineAction> = rename.into_iter().chain(weigh).collect();
    let actions = &actions;
    dispatch(app, context, move |mut unit| async move {
        let pipeline = unit.target::<Pipeline>(id.as_uuid()).await?;
        check_known(&pipeline.state, stage)?;
        let next = unit.decide(&pipeline, actions.iter().cloned())?;
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    })
    .await
}

/// Puts the live stages in another order.
///
/// # Errors
/// A rule of pipelines, or those of [`crate::dispatch()`].
pub async fn reorder_stages(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    stages: Vec<StageId>,
) -> Result<Accepted, CommandError> {
    let done =
        change::<Pipeline>(app, context, id.as_uuid(), vec![PipelineAction::ReorderStages { stages }]).await;
    done.map_err(|error| match error.code() {
        "pipeline.incomplete_order" => error.at("stage_ids", "must name each stage exactly once"),
        _ => error,
    })
}

/// Lets no more deals into a stage that none is in.
///
/// # Errors
/// `pipeline.stage_holds_open_deals` and other rules of pipelines, or those of [`crate::dispatch()`]. An unknown stage
/// is not found.
pub async fn retire_stage(
    app: &CommandApi,
    context: &Context,
    id: PipelineId,
    stage: StageId,
) -> Result<Accepted, CommandError> {
    let done = dispatch(app, context, move |mut unit| async move {
        let pipeline = unit.target::<Pipeline>(id.as_uuid()).await?;
        check_known(&pipeline.state, stage)?;
        let next = unit.decide(&pipeline, [PipelineAction::RetireStage { stage }])?;
        if next.sequence > pipeline.sequence {
            unit.require_unoccupied(stage_scope(stage));
        }
        Ok(unit.done(Accepted::of(id.as_uuid(), next.sequence)))
    });
    done.await.map_err(|error| {
        let occupied = matches!(error, CommandError::Occupied);
        if occupied { CommandError::rule(&PipelineError::StageHoldsOpenDeals) } else { error }
    })
}

/// A pipeline as it is now, for callers who know stages by name; none if there is no such pipeline.
///
/// # Errors
/// [`CommandError::Unavailable`], or [`CommandError::Internal`] for a history that cannot be read.
pub async fn find(
    app: &CommandApi,
    tenant: TenantId,
    id: PipelineId,
) -> Result<Option<Pipeline>, CommandError> {
    let loaded = app.store().load_newest::<Pipeline>(tenant.as_uuid(), id.as_uuid()).await?;
    Ok((loaded.sequence > 0).then_some(loaded.state))
}

/// A stage that a path names and the pipeline never had is not found; a retired one is for the rules.
fn check_known(pipeline: &Pipeline, stage: StageId) -> Result<(), CommandError> {
    match pipeline.stage(stage) {
        Err(PipelineError::UnknownStage) => Err(CommandError::NotFound),
        Ok(_) | Err(_) => Ok(()),
    }
}
