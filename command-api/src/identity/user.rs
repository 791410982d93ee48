//! `/api/v1/users`: commands on the accounts of users.

mod body;
mod commands;

use access::Purpose;
use access::vault::MailKind;
use axum::extract::State;
use domain::{ApiKeyId, UserId};
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::USERS;
use super::mails::posted;
use super::permission::{
    AssignRoles, ChangeUser, DisableUser, EnableUser, EraseUser, InviteUser, RegisterUser, ResetSecondFactor,
    RevokeKey,
};
use super::{api_key, second_factor};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{RoleShape, RolesIn, UserIn, UserPatch};
pub(super) use commands::claim_email;
pub use commands::{assign_roles, change, disable, enable, erase, invite, register};

/// What invites somebody.
const INVITATION: MailKind = MailKind::Link(Purpose::Invitation);

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
        .routes(routes!(invite_user))
        .routes(routes!(reset_user_second_factor))
        .routes(routes!(revoke_user_api_key))
}

/// Open an account for a user, and invite them if `invite` is true: 200 of a tenant in an hour. With roles, it asks for a token of
/// `POST /api/v1/sessions/step-up`.
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
    if !sent.body.roles.is_empty() {
        caller.check_recent(app.now())?;
    }
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = UserId::from_uuid(Uuid::now_v7());
    if !sent.body.invite {
        return Ok(answer(USERS, register(&app, &context, id, sent.body).await?));
    }
    let done = posted(&app, &context, id, INVITATION, register(&app, &context, id, sent.body)).await?;
    Ok(answer(USERS, done))
}

/// Change the name or the e-mail address of a user. The address asks for a token of `POST /api/v1/sessions/step-up`.
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
    if sent.body.email.is_some() {
        caller.check_recent_person(app.now())?;
    }
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, change(&app, &context, id, sent.body).await?))
}

/// Say which roles a user has: these and no others. Nobody takes the role of admin from themselves.
///
/// Access tokens of the user end within a second, everywhere; a refresh brings one with the roles of now. Asks for a token of
/// `POST /api/v1/sessions/step-up`.
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
    caller.check_recent(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, assign_roles(&app, &context, id, &sent.body.roles, &sent.body.custom_roles).await?))
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

/// Take the second factor away from a user who has lost it, recovery codes and all: the password is enough from then on.
///
/// Access tokens of the user end within a second. Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/second-factor",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(ResetSecondFactor::NAME)), ("x-roles" = json!(ResetSecondFactor::ROLES)))
)]
async fn reset_user_second_factor(
    caller: Caller<ResetSecondFactor>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    caller.check_recent_person(app.now())?;
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, second_factor::disable(&app, &context, id).await?))
}

/// Take away a key by which programs act for a user. It is refused from then on, everywhere within a second.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/api-keys/{key_id}",
    tag = "Users",
    params(
        ("id" = Uuid, Path, description = "The user"),
        ("key_id" = Uuid, Path, description = "The key"),
        ChangeHeaders
    ),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(RevokeKey::NAME)), ("x-roles" = json!(RevokeKey::ROLES)))
)]
async fn revoke_user_api_key(
    caller: Caller<RevokeKey>,
    State(app): State<CommandApi>,
    Path((id, key)): Path<(UserId, ApiKeyId)>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, api_key::revoke(&app, &context, id, key).await?))
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

/// Ask a user by mail to come in, by choosing a first password. It may be sent again, five times an hour, and only the newest link is
/// good.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/invite",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(InviteUser::NAME)), ("x-roles" = json!(InviteUser::ROLES)))
)]
async fn invite_user(
    caller: Caller<InviteUser>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    let done = posted(&app, &context, id, INVITATION, invite(&app, &context, id)).await?;
    Ok(answer(USERS, done))
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
