//! `/api/v1/users`: commands on the accounts of users.

mod body;
mod commands;

use axum::extract::State;
use domain::UserId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::USERS;
use super::permission::{AssignRoles, ChangeUser, DisableUser, EnableUser, EraseUser, RegisterUser};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{RoleShape, RolesIn, UserIn, UserPatch};
pub use commands::{assign_roles, change, disable, enable, erase, register};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(register_user))
        .routes(routes!(change_user))
        .routes(routes!(assign_user_roles))
        .routes(routes!(disable_user))
        .routes(routes!(enable_user))
        .routes(routes!(erase_user))
}

/// Open an account for a user.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "Users",
    params(CreateHeaders),
    request_body = UserIn,
    responses(Creates),
    extensions(("x-permission" = json!(RegisterUser::NAME)), ("x-roles" = json!(RegisterUser::ROLES)))
)]
async fn register_user(
    caller: Caller<RegisterUser>,
    State(app): State<CommandApi>,
    sent: Sent<UserIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, register(&app, &context, UserId::from_uuid(Uuid::now_v7()), sent.body).await?))
}

/// Change the name or the e-mail address of a user.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = UserPatch,
    responses(Changes),
    extensions(("x-permission" = json!(ChangeUser::NAME)), ("x-roles" = json!(ChangeUser::ROLES)))
)]
async fn change_user(
    caller: Caller<ChangeUser>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Sent<UserPatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, change(&app, &context, id, sent.body).await?))
}

/// Say which roles a user has: these and no others. Nobody takes the role of admin from themselves.
///
/// Access tokens of the user end within a second, everywhere; a refresh brings one with the roles of now.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}/roles",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = RolesIn,
    responses(Changes),
    extensions(("x-permission" = json!(AssignRoles::NAME)), ("x-roles" = json!(AssignRoles::ROLES)))
)]
async fn assign_user_roles(
    caller: Caller<AssignRoles>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Sent<RolesIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, assign_roles(&app, &context, id, sent.body.roles).await?))
}

/// Shut a user out. Nobody does that to themselves.
///
/// All sessions of the user end, within a second everywhere, and no other one begins.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/disable",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(DisableUser::NAME)), ("x-roles" = json!(DisableUser::ROLES)))
)]
async fn disable_user(
    caller: Caller<DisableUser>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, disable(&app, &context, id).await?))
}

/// Let a user in again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/enable",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(EnableUser::NAME)), ("x-roles" = json!(EnableUser::ROLES)))
)]
async fn enable_user(
    caller: Caller<EnableUser>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, enable(&app, &context, id).await?))
}

/// Erase who a user is, for good, and close the account. Nobody does that to themselves.
///
/// Name and e-mail address can never be read again, and the address is free for others. What the user did stays, under an id that
/// tells nothing. All sessions of the user end, within a second everywhere.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/erase",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(EraseUser::NAME)), ("x-roles" = json!(EraseUser::ROLES)))
)]
async fn erase_user(
    caller: Caller<EraseUser>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, erase(&app, &context, id).await?))
}
