//! `/api/v1/pipelines`: commands on pipelines and their stages.

mod body;
mod commands;

use axum::extract::State;
use domain::sales::pipeline::Stage;
use domain::{PipelineId, StageId};
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::PIPELINES;
use super::permission::{
    AddStage, ChangeStage, CreatePipeline, EnsureDefaultPipeline, RenamePipeline, ReorderStages, RetireStage,
};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, Ensures, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{FirstStageIn, OrderIn, PipelineIn, PipelinePatch, StageIn, StagePatch};
pub use commands::{
    add_stage, change_stage, create, ensure_default, find, rename, reorder_stages, retire_stage,
};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(create_pipeline))
        .routes(routes!(ensure_default_pipeline))
        .routes(routes!(rename_pipeline))
        .routes(routes!(add_pipeline_stage))
        .routes(routes!(reorder_pipeline_stages))
        .routes(routes!(change_pipeline_stage))
        .routes(routes!(retire_pipeline_stage))
}

fn new_stage_id() -> StageId {
    StageId::from_uuid(Uuid::now_v7())
}

/// Set up a pipeline.
#[utoipa::path(
    post,
    path = "/api/v1/pipelines",
    tag = "Pipelines",
    params(CreateHeaders),
    request_body = PipelineIn,
    responses(Creates),
    extensions(("x-permission" = json!(CreatePipeline::NAME)), ("x-roles" = json!(CreatePipeline::ROLES)))
)]
async fn create_pipeline(
    caller: Caller<CreatePipeline>,
    State(app): State<CommandApi>,
    sent: Sent<PipelineIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let stages = sent.body.stages.into_iter().map(|stage| stage.named(new_stage_id())).collect();
    Ok(answer(
        PIPELINES,
        create(&app, &context, PipelineId::from_uuid(Uuid::now_v7()), sent.body.name, stages).await?,
    ))
}

/// Make sure that the tenant's default pipeline exists. 201 if it did not, 200 if it did.
#[utoipa::path(
    post,
    path = "/api/v1/pipelines/default",
    tag = "Pipelines",
    params(CreateHeaders),
    request_body = Option<OccurredIn>,
    responses(Ensures),
    extensions(("x-permission" = json!(EnsureDefaultPipeline::NAME)), ("x-roles" = json!(EnsureDefaultPipeline::ROLES)))
)]
async fn ensure_default_pipeline(
    caller: Caller<EnsureDefaultPipeline>,
    State(app): State<CommandApi>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PIPELINES, ensure_default(&app, &context).await?))
}

/// Change the name of a pipeline.
#[utoipa::path(
    patch,
    path = "/api/v1/pipelines/{id}",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), ChangeHeaders),
    request_body = PipelinePatch,
    responses(Changes),
    extensions(("x-permission" = json!(RenamePipeline::NAME)), ("x-roles" = json!(RenamePipeline::ROLES)))
)]
async fn rename_pipeline(
    caller: Caller<RenamePipeline>,
    State(app): State<CommandApi>,
    Path(id): Path<PipelineId>,
    sent: Sent<PipelinePatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PIPELINES, rename(&app, &context, id, sent.body.name).await?))
}

/// Add a stage. The answer names it as `stage_id`.
#[utoipa::path(
    post,
    path = "/api/v1/pipelines/{id}/stages",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), ChangeHeaders),
    request_body = StageIn,
    responses(Changes),
    extensions(("x-permission" = json!(AddStage::NAME)), ("x-roles" = json!(AddStage::ROLES)))
)]
async fn add_pipeline_stage(
    caller: Caller<AddStage>,
    State(app): State<CommandApi>,
    Path(id): Path<PipelineId>,
    sent: Sent<StageIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let StageIn { name, probability, before_stage_id, .. } = sent.body;
    let stage = Stage { id: new_stage_id(), name, probability };
    Ok(answer(PIPELINES, add_stage(&app, &context, id, stage, before_stage_id).await?))
}

/// Put the stages of a pipeline in another order.
#[utoipa::path(
    put,
    path = "/api/v1/pipelines/{id}/stages/order",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), ChangeHeaders),
    request_body = OrderIn,
    responses(Changes),
    extensions(("x-permission" = json!(ReorderStages::NAME)), ("x-roles" = json!(ReorderStages::ROLES)))
)]
async fn reorder_pipeline_stages(
    caller: Caller<ReorderStages>,
    State(app): State<CommandApi>,
    Path(id): Path<PipelineId>,
    sent: Sent<OrderIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PIPELINES, reorder_stages(&app, &context, id, sent.body.stage_ids).await?))
}

/// Change the name or the probability of a stage. Deals in it keep theirs.
#[utoipa::path(
    patch,
    path = "/api/v1/pipelines/{id}/stages/{stage_id}",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), ("stage_id" = Uuid, Path, description = "The stage"), ChangeHeaders),
    request_body = StagePatch,
    responses(Changes),
    extensions(("x-permission" = json!(ChangeStage::NAME)), ("x-roles" = json!(ChangeStage::ROLES)))
)]
async fn change_pipeline_stage(
    caller: Caller<ChangeStage>,
    State(app): State<CommandApi>,
    Path((id, stage)): Path<(PipelineId, StageId)>,
    sent: Sent<StagePatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(
        PIPELINES,
        change_stage(&app, &context, id, stage, sent.body.name, sent.body.probability).await?,
    ))
}

/// Let no more deals into a stage that none is in.
#[utoipa::path(
    post,
    path = "/api/v1/pipelines/{id}/stages/{stage_id}/retire",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), ("stage_id" = Uuid, Path, description = "The stage"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(RetireStage::NAME)), ("x-roles" = json!(RetireStage::ROLES)))
)]
async fn retire_pipeline_stage(
    caller: Caller<RetireStage>,
    State(app): State<CommandApi>,
    Path((id, stage)): Path<(PipelineId, StageId)>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PIPELINES, retire_stage(&app, &context, id, stage).await?))
}
