//! `/api/v1/identity-provider`: on whose word a tenant lets users in.

mod body;
mod commands;

use axum::extract::State;
use domain::UserId;
use edge::{Answer, Envelope, Failure, Path, Permission, Problem, ok};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::USERS;
use super::permission::{ConfigureProvider, RemoveProvider, UnlinkProvider};
use crate::CommandApi;
use crate::answer::{Changed, Changes, answer, replayed};
use crate::caller::{Caller, ChangeHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{ClientSecretText, ProviderConfigured, ProviderIn, ProviderRemoved};
pub(super) use commands::{check_passwords, provider};
pub use commands::{configure, remove, unlink};

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(configure_identity_provider, remove_identity_provider))
        .routes(routes!(unlink_user_identity_provider))
}

/// Let users in on the word of an OpenID provider, on these terms and no others.
///
/// Register the `redirect_uri` of the answer there. Without `client_secret` the present one goes on, unless it would be shown to
/// another provider. Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    put,
    path = "/api/v1/identity-provider",
    tag = "Users",
    params(ChangeHeaders),
    request_body = ProviderIn,
    responses(
        (status = 200, description = "Done, or nothing had to be done", body = Envelope<ProviderConfigured>),
        (status = 409, description = "A rule refuses it in the present state", body = Failure),
        (status = 412, description = "It has another version than If-Match asks for", body = Failure),
    ),
    extensions(("x-permission" = json!(ConfigureProvider::NAME)), ("x-roles" = json!(ConfigureProvider::ROLES)))
)]
async fn configure_identity_provider(
    caller: Caller<ConfigureProvider>,
    State(app): State<CommandApi>,
    sent: Sent<ProviderIn>,
) -> Result<Answer<ProviderConfigured>, Problem> {
    caller.check_recent_person(app.now())?;
    let context = caller.context(&sent, sent.body.occurred_at);
    let done = configure(&app, &context, sent.body).await?;
    let redirect_uri = app.issuer()?.federation()?.redirect_uri(context.tenant);
    let told =
        ok(ProviderConfigured { redirect_uri }).with_version(done.version).with_position(done.position);
    Ok(if done.replayed { replayed(told) } else { told })
}

/// Let nobody in on the word of the provider any more; passwords let in again. Sessions go on.
///
/// Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    delete,
    path = "/api/v1/identity-provider",
    tag = "Users",
    params(ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(
        (status = 200, description = "Nobody comes in by it any more", body = Envelope<ProviderRemoved>),
        (status = 404, description = "There is no provider, and there never was one", body = Failure),
        (status = 412, description = "It has another version than If-Match asks for", body = Failure),
    ),
    extensions(("x-permission" = json!(RemoveProvider::NAME)), ("x-roles" = json!(RemoveProvider::ROLES)))
)]
async fn remove_identity_provider(
    caller: Caller<RemoveProvider>,
    State(app): State<CommandApi>,
    sent: Option<Sent<OccurredIn>>,
) -> Result<Answer<ProviderRemoved>, Problem> {
    caller.check_recent_person(app.now())?;
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    let done = remove(&app, &context).await?;
    let told = ok(ProviderRemoved { id: done.id }).with_version(done.version).with_position(done.position);
    Ok(if done.replayed { replayed(told) } else { told })
}

/// Forget whom a provider knew as a user, and end all sessions of the user. Whoever the provider then vouches for by the user's
/// address is the user.
///
/// Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/identity-provider",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(UnlinkProvider::NAME)), ("x-roles" = json!(UnlinkProvider::ROLES)))
)]
async fn unlink_user_identity_provider(
    caller: Caller<UnlinkProvider>,
    State(app): State<CommandApi>,
    Path(id): Path<UserId>,
    sent: Option<Sent<OccurredIn>>,
) -> Result<Answer<Changed>, Problem> {
    caller.check_recent_person(app.now())?;
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(USERS, unlink(&app, &context, id).await?))
}
