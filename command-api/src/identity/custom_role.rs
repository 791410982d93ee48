//! `/api/v1/roles`: commands on the roles that a tenant defines.

mod body;
mod commands;

use axum::extract::State;
use domain::CustomRoleId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::ROLES;
use super::permission::{ChangeRole, DefineRole, RetireRole};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{LevelShape, RoleIn, RolePatch};
pub use commands::{change, define, retire};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(define_role))
        .routes(routes!(change_role))
        .routes(routes!(retire_role))
}

/// Define a role: permissions, each as far as it reaches.
///
/// `own` reaches what the user owns, `team` also what is owned by the members of teams that the user manages and of the
/// teams below, `all` everything. What a role does not reach looks like what never existed.
#[utoipa::path(
    post,
    path = "/api/v1/roles",
    tag = "Roles",
    params(CreateHeaders),
    request_body = RoleIn,
    responses(Creates),
    extensions(("x-permission" = json!(DefineRole::NAME)), ("x-roles" = json!(DefineRole::ROLES)))
)]
async fn define_role(
    caller: Caller<DefineRole>,
    State(app): State<CommandApi>,
    sent: Sent<RoleIn>,
) -> Answered {
    caller.check_recent(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = CustomRoleId::from_uuid(Uuid::now_v7());
    Ok(answer(ROLES, define(&app, &context, id, sent.body).await?))
}

/// Change the name of a role, or what it lets users do.
///
/// It counts for those who have the role within a second, everywhere.
#[utoipa::path(
    patch,
    path = "/api/v1/roles/{id}",
    tag = "Roles",
    params(("id" = Uuid, Path, description = "The role"), ChangeHeaders),
    request_body = RolePatch,
    responses(Changes),
    extensions(("x-permission" = json!(ChangeRole::NAME)), ("x-roles" = json!(ChangeRole::ROLES)))
)]
async fn change_role(
    caller: Caller<ChangeRole>,
    State(app): State<CommandApi>,
    Path(id): Path<CustomRoleId>,
    sent: Sent<RolePatch>,
) -> Answered {
    caller.check_recent(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(ROLES, change(&app, &context, id, sent.body).await?))
}

/// Take a role from whoever has it, for good. Another one may have its name.
#[utoipa::path(
    post,
    path = "/api/v1/roles/{id}/retire",
    tag = "Roles",
    params(("id" = Uuid, Path, description = "The role"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(RetireRole::NAME)), ("x-roles" = json!(RetireRole::ROLES)))
)]
async fn retire_role(
    caller: Caller<RetireRole>,
    State(app): State<CommandApi>,
    Path(id): Path<CustomRoleId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(ROLES, retire(&app, &context, id).await?))
}
