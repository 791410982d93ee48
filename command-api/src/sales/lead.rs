//! `/api/v1/leads`: commands on leads.

mod body;
mod commands;

use axum::extract::State;
use domain::LeadId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::LEADS;
use super::body::{ActivityIn, AssignIn};
use super::permission::{
    AssignLead, CaptureLead, ConvertLead, CorrectLead, DisqualifyLead, EraseLead, LogLeadActivity,
    QualifyLead, ReopenLead,
};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{ConvertIn, DisqualifyIn, LeadIn, LeadPatch, QualifyIn};
pub use commands::{
    Conversion, assign, capture, convert, correct, disqualify, erase, log_activity, opportunity_of, qualify,
    reopen, withdraw,
};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(capture_lead))
        .routes(routes!(correct_lead))
        .routes(routes!(assign_lead))
        .routes(routes!(qualify_lead))
        .routes(routes!(disqualify_lead))
        .routes(routes!(reopen_lead))
        .routes(routes!(log_lead_activity))
        .routes(routes!(convert_lead))
        .routes(routes!(erase_lead))
}

/// Capture a lead.
#[utoipa::path(
    post,
    path = "/api/v1/leads",
    tag = "Leads",
    params(CreateHeaders),
    request_body = LeadIn,
    responses(Creates),
    extensions(("x-permission" = json!(CaptureLead::NAME)), ("x-roles" = json!(CaptureLead::ROLES)))
)]
async fn capture_lead(
    caller: Caller<CaptureLead>,
    State(app): State<CommandApi>,
    sent: Sent<LeadIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, capture(&app, &context, LeadId::from_uuid(Uuid::now_v7()), sent.body.into()).await?))
}

/// Set the data of a lead right.
#[utoipa::path(
    patch,
    path = "/api/v1/leads/{id}",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = LeadPatch,
    responses(Changes),
    extensions(("x-permission" = json!(CorrectLead::NAME)), ("x-roles" = json!(CorrectLead::ROLES)))
)]
async fn correct_lead(
    caller: Caller<CorrectLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Sent<LeadPatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, correct(&app, &context, id, sent.body.into()).await?))
}

/// Give a lead to somebody, or to nobody.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/assign",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = AssignIn,
    responses(Changes),
    extensions(("x-permission" = json!(AssignLead::NAME)), ("x-roles" = json!(AssignLead::ROLES)))
)]
async fn assign_lead(
    caller: Caller<AssignLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Sent<AssignIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, assign(&app, &context, id, sent.body.owner).await?))
}

/// Find a lead worth pursuing, or give it another score.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/qualify",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = QualifyIn,
    responses(Changes),
    extensions(("x-permission" = json!(QualifyLead::NAME)), ("x-roles" = json!(QualifyLead::ROLES)))
)]
async fn qualify_lead(
    caller: Caller<QualifyLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Sent<QualifyIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, qualify(&app, &context, id, sent.body.score).await?))
}

/// Give a lead up.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/disqualify",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = DisqualifyIn,
    responses(Changes),
    extensions(("x-permission" = json!(DisqualifyLead::NAME)), ("x-roles" = json!(DisqualifyLead::ROLES)))
)]
async fn disqualify_lead(
    caller: Caller<DisqualifyLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Sent<DisqualifyIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, disqualify(&app, &context, id, sent.body.reason).await?))
}

/// Take a lead up again that was given up. It must be qualified anew.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/reopen",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(ReopenLead::NAME)), ("x-roles" = json!(ReopenLead::ROLES)))
)]
async fn reopen_lead(
    caller: Caller<ReopenLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, reopen(&app, &context, id).await?))
}

/// Note what was done with a lead.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/activities",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = ActivityIn,
    responses(Changes),
    extensions(("x-permission" = json!(LogLeadActivity::NAME)), ("x-roles" = json!(LogLeadActivity::ROLES)))
)]
async fn log_lead_activity(
    caller: Caller<LogLeadActivity>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Sent<ActivityIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, log_activity(&app, &context, id, sent.body.kind, sent.body.summary).await?))
}

/// Make an opportunity of a lead. However often it is asked for, there is one.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/convert",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = Option<ConvertIn>,
    responses(Changes),
    extensions(("x-permission" = json!(ConvertLead::NAME)), ("x-roles" = json!(ConvertLead::ROLES)))
)]
async fn convert_lead(
    caller: Caller<ConvertLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Option<Sent<ConvertIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, convert(&app, &context, id, sent.body.into()).await?))
}

/// Erase who a lead is, for good.
///
/// Name, e-mail address, phone number and what was said of them can never be read again, also not in the opportunity that the lead
/// became. What the lead counts for in lists and reports stays. Nothing else can be asked of it any more.
#[utoipa::path(
    post,
    path = "/api/v1/leads/{id}/erase",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(EraseLead::NAME)), ("x-roles" = json!(EraseLead::ROLES)))
)]
async fn erase_lead(
    caller: Caller<EraseLead>,
    State(app): State<CommandApi>,
    Path(id): Path<LeadId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEADS, erase(&app, &context, id).await?))
}
