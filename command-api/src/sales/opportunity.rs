//! `/api/v1/opportunities`: commands on opportunities.

mod body;
mod commands;
mod placing;

use axum::extract::State;
use domain::OpportunityId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::OPPORTUNITIES;
use super::body::{ActivityIn, AssignIn};
use super::permission::{
    AssignOpportunity, EraseOpportunity, LogOpportunityActivity, LoseOpportunity, MoveOpportunity,
    OpenOpportunity, ReopenOpportunity, ReviseOpportunity, WinOpportunity,
};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{LoseIn, MoveIn, OpportunityIn, OpportunityPatch, ReopenIn, WinIn};
pub use commands::{
    Opening, assign, erase, log_activity, lose, move_to, open, reopen, revise, win, withdraw,
};
pub use placing::Placing;
pub(crate) use placing::{Place, place};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(open_opportunity))
        .routes(routes!(revise_opportunity))
        .routes(routes!(move_opportunity))
        .routes(routes!(assign_opportunity))
        .routes(routes!(win_opportunity))
        .routes(routes!(lose_opportunity))
        .routes(routes!(reopen_opportunity))
        .routes(routes!(log_opportunity_activity))
        .routes(routes!(erase_opportunity))
}

/// Open a deal.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities",
    tag = "Opportunities",
    params(CreateHeaders),
    request_body = OpportunityIn,
    responses(Creates),
    extensions(("x-permission" = json!(OpenOpportunity::NAME)), ("x-roles" = json!(OpenOpportunity::ROLES)))
)]
async fn open_opportunity(
    caller: Caller<OpenOpportunity>,
    State(app): State<CommandApi>,
    sent: Sent<OpportunityIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(
        OPPORTUNITIES,
        open(&app, &context, OpportunityId::from_uuid(Uuid::now_v7()), sent.body.into()).await?,
    ))
}

/// Change what is known about an open deal.
#[utoipa::path(
    patch,
    path = "/api/v1/opportunities/{id}",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = OpportunityPatch,
    responses(Changes),
    extensions(("x-permission" = json!(ReviseOpportunity::NAME)), ("x-roles" = json!(ReviseOpportunity::ROLES)))
)]
async fn revise_opportunity(
    caller: Caller<ReviseOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Sent<OpportunityPatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, revise(&app, &context, id, sent.body.into()).await?))
}

/// Put a deal into another stage of its pipeline.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/move",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = MoveIn,
    responses(Changes),
    extensions(("x-permission" = json!(MoveOpportunity::NAME)), ("x-roles" = json!(MoveOpportunity::ROLES)))
)]
async fn move_opportunity(
    caller: Caller<MoveOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Sent<MoveIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, move_to(&app, &context, id, sent.body.stage_id, sent.body.probability).await?))
}

/// Give a deal to somebody, or to nobody.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/assign",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = AssignIn,
    responses(Changes),
    extensions(("x-permission" = json!(AssignOpportunity::NAME)), ("x-roles" = json!(AssignOpportunity::ROLES)))
)]
async fn assign_opportunity(
    caller: Caller<AssignOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Sent<AssignIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, assign(&app, &context, id, sent.body.owner).await?))
}

/// Win a deal.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/win",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = Option<WinIn>,
    responses(Changes),
    extensions(("x-permission" = json!(WinOpportunity::NAME)), ("x-roles" = json!(WinOpportunity::ROLES)))
)]
async fn win_opportunity(
    caller: Caller<WinOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Option<Sent<WinIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, win(&app, &context, id, sent.body.amount).await?))
}

/// Lose a deal.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/lose",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = LoseIn,
    responses(Changes),
    extensions(("x-permission" = json!(LoseOpportunity::NAME)), ("x-roles" = json!(LoseOpportunity::ROLES)))
)]
async fn lose_opportunity(
    caller: Caller<LoseOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Sent<LoseIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, lose(&app, &context, id, sent.body.reason).await?))
}

/// Take a deal up again that was won or lost.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/reopen",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = Option<ReopenIn>,
    responses(Changes),
    extensions(("x-permission" = json!(ReopenOpportunity::NAME)), ("x-roles" = json!(ReopenOpportunity::ROLES)))
)]
async fn reopen_opportunity(
    caller: Caller<ReopenOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Option<Sent<ReopenIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, reopen(&app, &context, id, sent.body.stage_id, sent.body.probability).await?))
}

/// Note what was done about a deal, also after it was won or lost.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/activities",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = ActivityIn,
    responses(Changes),
    extensions(("x-permission" = json!(LogOpportunityActivity::NAME)), ("x-roles" = json!(LogOpportunityActivity::ROLES)))
)]
async fn log_opportunity_activity(
    caller: Caller<LogOpportunityActivity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Sent<ActivityIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, log_activity(&app, &context, id, sent.body.kind, sent.body.summary).await?))
}

/// Erase what was said of people in the activities of a deal, for good. The deal goes on, without further activities.
#[utoipa::path(
    post,
    path = "/api/v1/opportunities/{id}/erase",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The opportunity"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(EraseOpportunity::NAME)), ("x-roles" = json!(EraseOpportunity::ROLES)))
)]
async fn erase_opportunity(
    caller: Caller<EraseOpportunity>,
    State(app): State<CommandApi>,
    Path(id): Path<OpportunityId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(OPPORTUNITIES, erase(&app, &context, id).await?))
}
