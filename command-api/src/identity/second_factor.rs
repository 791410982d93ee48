//! `/api/v1/second-factor`: what whoever is signed in is asked for beside the password.

mod body;
mod commands;

use axum::extract::State;
use edge::{Answer, Envelope, Problem, Role, ok};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{OWN, OwnSession};
use crate::CommandApi;
use crate::sent::Sent;
pub use body::{CodeIn, RecoveryCodes, SecondFactorOff, SecretTold};
use commands::confirm;
pub use commands::{begin, disable};
pub(super) use commands::{check, is_missing};

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(begin_second_factor, disable_second_factor))
        .routes(routes!(confirm_second_factor))
}

/// Begin to have a second factor: the secret to put into an app that shows codes. It counts once a code of it is confirmed.
///
/// Whoever has one that is too weak for whoever runs the portal begins to have another one in its place.
#[utoipa::path(
    post,
    path = "/api/v1/second-factor",
    tag = "Sessions",
    responses(
        (status = 200, description = "The secret, told once", body = Envelope<SecretTold>),
        (status = 409, description = "There is a second factor already, and it will do", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn begin_second_factor(
    own: OwnSession,
    State(app): State<CommandApi>,
) -> Result<Answer<SecretTold>, Problem> {
    Ok(ok(begin(&app, &own).await?))
}

/// Have a second factor from now on, by showing a code of it. The answer has recovery codes, each of which lets in once without
/// it; they are told once.
///
/// Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    post,
    path = "/api/v1/second-factor/confirm",
    tag = "Sessions",
    request_body = CodeIn,
    responses(
        (status = 200, description = "Signing in asks for it from now on", body = Envelope<RecoveryCodes>),
        (status = 401, description = "The code is wrong, or the token is not good for this", body = edge::Failure),
        (status = 409, description = "There is one already, or none was begun", body = edge::Failure),
        (status = 412, description = "The user was changed meanwhile", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn confirm_second_factor(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<CodeIn>,
) -> Result<Answer<RecoveryCodes>, Problem> {
    own.check_recent(app.now())?;
    let (told, position) = confirm(&app, &own, &sent.body.code).await?;
    Ok(ok(told).with_position(position))
}

/// Do without the second factor from now on.
///
/// Asks for a token of `POST /api/v1/sessions/step-up`. Access tokens end within a second; a refresh brings the next one.
#[utoipa::path(
    delete,
    path = "/api/v1/second-factor",
    tag = "Sessions",
    responses((status = 200, description = "Nobody asks for it any more", body = Envelope<SecondFactorOff>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn disable_second_factor(
    own: OwnSession,
    State(app): State<CommandApi>,
) -> Result<Answer<SecondFactorOff>, Problem> {
    own.check_recent(app.now())?;
    let done = disable(&app, &own.context(), own.user()).await?;
    Ok(ok(SecondFactorOff { user_id: own.user().as_uuid() }).with_position(done.position))
}
