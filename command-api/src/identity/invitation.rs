//! `/api/v1/invitations`: coming in for the first time.

use access::{LinkToken, Purpose};
use axum::extract::State;
use domain::{TenantId, UserId};
use edge::{Answer, Envelope, Problem, Role, ok};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aggregates::email_scope;
use super::mails::{NewPasswordIn, PasswordChosen, link};
use super::password::choose;
use super::session::{Circumstances, user};
use super::{PUBLIC, Refusal};
use crate::sent::Sent;
use crate::{CommandApi, CommandError};

/// A new link for a user who was invited, in place of any other, for whoever hands it over themselves.
///
/// # Errors
/// [`Refusal::NoMail`] if nobody said where links lead; or the log or the database is not available.
pub async fn new_link(app: &CommandApi, tenant: TenantId, id: UserId) -> Result<String, Refusal> {
    let (issuer, token) = (app.issuer()?, LinkToken::fresh(tenant)?);
    let user = user(app, tenant, id).await?;
    let account = user.state.account().ok_or(CommandError::NotFound)?;
    let scope = account.email.reveal().map(email_scope).ok_or(CommandError::NotFound)?;
    issuer.vault().keep_link(&token, Purpose::Invitation, id, account.epoch.into(), &scope).await?;
    Ok(link(issuer.post()?.public_url(), Purpose::Invitation, &token))
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(accept_invitation))
}

/// Accept an invitation, by the link in its mail: choose a first password, to sign in with.
///
/// The link is good for one use within 7 days, and only the newest one is.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/accept",
    tag = "Sessions",
    security(()),
    request_body = NewPasswordIn,
    responses(
        (status = 200, description = "Chosen; sign in with it", body = Envelope<PasswordChosen>),
        (status = 409, description = "The link is over", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn accept_invitation(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<NewPasswordIn>,
) -> Result<Answer<PasswordChosen>, Problem> {
    Ok(ok(choose(&app, &circumstances, sent.body, Purpose::Invitation).await?))
}
