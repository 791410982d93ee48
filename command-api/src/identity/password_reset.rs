//! `/api/v1/password-resets`: another password for whoever has forgotten theirs.

use access::Purpose;
use access::vault::{MailKind, Recipient};
use axum::extract::State;
use domain::{EmailAddress, Personal, TenantId};
use edge::{Answer, Envelope, Problem, Role, accepted, ok};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::aggregates::{email_scope, no_email};
use super::mails::{NewPasswordIn, PasswordChosen, Posted};
use super::password::choose;
use super::session::Circumstances;
use super::{PUBLIC, Refusal};
use crate::CommandApi;
use crate::sent::Sent;

/// Who has forgotten their password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetIn {
    /// The tenant.
    #[schema(value_type = Uuid)]
    pub tenant_id: TenantId,
    /// The address of the user, in whatever case.
    #[schema(value_type = String, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Personal<EmailAddress>,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(ask_password_reset)).routes(routes!(complete_password_reset))
}

/// Ask for a mail with a link to a new password.
///
/// The answer is the same whether there is such a user or not, and nobody has looked by then. A user gets one such
/// mail in a quarter of an hour, however often somebody asks.
#[utoipa::path(
    post,
    path = "/api/v1/password-resets",
    tag = "Sessions",
    security(()),
    request_body = PasswordResetIn,
    responses((status = 202, description = "If there is such a user, there will be a mail", body = Envelope<Posted>)),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn ask_password_reset(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<PasswordResetIn>,
) -> Result<Answer<Posted>, Problem> {
    ask(&app, &circumstances, &sent.body).await?;
    Ok(accepted(Posted::default()))
}

/// Choose another password by the link in a mail. All sessions end.
///
/// The link is good for one use within 30 minutes, whether another one was sent meanwhile or not. It is over as soon as all sessions of the user
/// are ended by anything else.
#[utoipa::path(
    post,
    path = "/api/v1/password-resets/complete",
    tag = "Sessions",
    security(()),
    request_body = NewPasswordIn,
    responses(
        (status = 200, description = "Chosen; sign in with it", body = Envelope<PasswordChosen>),
        (status = 409, description = "The link is over", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(PUBLIC)), ("x-roles" = json!(Role::ALL)))
)]
async fn complete_password_reset(
    State(app): State<CommandApi>,
    circumstances: Circumstances,
    sent: Sent<NewPasswordIn>,
) -> Result<Answer<PasswordChosen>, Problem> {
    Ok(ok(choose(&app, &circumstances, sent.body, Purpose::PasswordReset).await?))
}

/// Writes down that somebody asked, the same whether there is such a user or not: who it is, is looked up by whoever sends.
async fn ask(
    app: &CommandApi,
    circumstances: &Circumstances,
    request: &PasswordResetIn,
) -> Result<(), Refusal> {
    let (vault, post) = (app.issuer()?.vault(), app.issuer()?.post()?);
    let tenant = request.tenant_id;
    let scope = request.email.reveal().map(email_scope).ok_or_else(no_email)?;
    post.admit(&tenant.to_string(), &scope, circumstances.address).await?;
    vault.post(tenant, MailKind::Link(Purpose::PasswordReset), &Recipient::Scope(scope)).await?;
    post.wake();
    Ok(())
}
