//! `/api/v1/teams`: commands on teams.

mod body;
mod commands;

use axum::extract::State;
use domain::{TeamId, UserId};
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::TEAMS;
use super::permission::{ChangeTeam, DissolveTeam, FormTeam, StaffTeam};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{TeamIn, TeamPatch};
pub use commands::{add_member, change, dissolve, form, remove_member};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(form_team))
        .routes(routes!(change_team))
        .routes(routes!(dissolve_team))
        .routes(routes!(add_team_member, remove_team_member))
}

/// Form a team, without members.
#[utoipa::path(
    post,
    path = "/api/v1/teams",
    tag = "Teams",
    params(CreateHeaders),
    request_body = TeamIn,
    responses(Creates),
    extensions(("x-permission" = json!(FormTeam::NAME)), ("x-roles" = json!(FormTeam::ROLES)))
)]
async fn form_team(caller: Caller<FormTeam>, State(app): State<CommandApi>, sent: Sent<TeamIn>) -> Answered {
    caller.check_recent(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(TEAMS, form(&app, &context, TeamId::from_uuid(Uuid::now_v7()), sent.body).await?))
}

/// Change the name of a team, who manages it, or which team it is below.
///
/// It counts for those whose permissions reach a team within a second, everywhere.
#[utoipa::path(
    patch,
    path = "/api/v1/teams/{id}",
    tag = "Teams",
    params(("id" = Uuid, Path, description = "The team"), ChangeHeaders),
    request_body = TeamPatch,
    responses(Changes),
    extensions(("x-permission" = json!(ChangeTeam::NAME)), ("x-roles" = json!(ChangeTeam::ROLES)))
)]
async fn change_team(
    caller: Caller<ChangeTeam>,
    State(app): State<CommandApi>,
    Path(id): Path<TeamId>,
    sent: Sent<TeamPatch>,
) -> Answered {
    caller.check_recent(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(TEAMS, change(&app, &context, id, sent.body).await?))
}

/// End a team, for good. Teams below it are below none then.
#[utoipa::path(
    post,
    path = "/api/v1/teams/{id}/dissolve",
    tag = "Teams",
    params(("id" = Uuid, Path, description = "The team"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(DissolveTeam::NAME)), ("x-roles" = json!(DissolveTeam::ROLES)))
)]
async fn dissolve_team(
    caller: Caller<DissolveTeam>,
    State(app): State<CommandApi>,
    Path(id): Path<TeamId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(TEAMS, dissolve(&app, &context, id).await?))
}

/// Take a user into a team.
#[utoipa::path(
    put,
    path = "/api/v1/teams/{id}/members/{user_id}",
    tag = "Teams",
    params(
        ("id" = Uuid, Path, description = "The team"),
        ("user_id" = Uuid, Path, description = "The user"),
        ChangeHeaders
    ),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(StaffTeam::NAME)), ("x-roles" = json!(StaffTeam::ROLES)))
)]
async fn add_team_member(
    caller: Caller<StaffTeam>,
    State(app): State<CommandApi>,
    Path((id, user)): Path<(TeamId, UserId)>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    caller.check_recent(app.now())?;
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(TEAMS, add_member(&app, &context, id, user).await?))
}

/// Let a user go from a team.
#[utoipa::path(
    delete,
    path = "/api/v1/teams/{id}/members/{user_id}",
    tag = "Teams",
    params(
        ("id" = Uuid, Path, description = "The team"),
        ("user_id" = Uuid, Path, description = "The user"),
        ChangeHeaders
    ),
    responses(Changes),
    extensions(("x-permission" = json!(StaffTeam::NAME)), ("x-roles" = json!(StaffTeam::ROLES)))
)]
async fn remove_team_member(
    caller: Caller<StaffTeam>,
    State(app): State<CommandApi>,
    Path((id, user)): Path<(TeamId, UserId)>,
) -> Answered {
    caller.check_recent(app.now())?;
    let sent = Sent::<OccurredIn>::default();
    let context = caller.context(&sent, None);
    Ok(answer(TEAMS, remove_member(&app, &context, id, user).await?))
}
