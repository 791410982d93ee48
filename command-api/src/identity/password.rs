//! `/api/v1/password`: the password of whoever is signed in.

use access::Password;
use access::password::Guess;
use axum::extract::State;
use domain::identity::user::{User, UserAction};
use domain::{PasswordId, TenantId, UserId};
use edge::{Answer, Envelope, Problem, Role, ok};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Refusal;
use super::session::{OWN, OwnSession, SessionTokens, check_password, open, user};
use crate::dispatch::change;
use crate::sent::Sent;
use crate::{Accepted, CommandApi, Context};

/// A new password, and the present one as proof that it is still the same person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The password that is valid now.
    #[schema(value_type = String, format = "password")]
    pub current_password: Guess,
    /// The password from now on: 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub new_password: Password,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(change_password))
}

/// Change one's own password. All sessions end, and a new one begins, of which the answer has the tokens.
#[utoipa::path(
    put,
    path = "/api/v1/password",
    tag = "Sessions",
    request_body = PasswordIn,
    responses(
        (status = 200, description = "Changed; signed in anew", body = Envelope<SessionTokens>),
        (status = 401, description = "The current password is wrong, or the token is not valid", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn change_password(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<PasswordIn>,
) -> Result<Answer<SessionTokens>, Problem> {
    let tenant = own.identity().tenant;
    let before = user(&app, tenant, own.user()).await?;
    check_password(app.issuer()?, own.circumstances(), &before, sent.body.current_password).await?;
    set(&app, &own.context(), own.user(), sent.body.new_password).await?;
    let signed_in = open(&app, own.circumstances(), &user(&app, tenant, own.user()).await?).await?;
    let position = signed_in.position;
    Ok(ok(signed_in).with_position(position))
}

/// Gives a user a password. All sessions of the user end.
///
/// The event is what makes it the password: until then its hash is kept and is that of nobody.
///
/// # Errors
/// A rule of users; [`Refusal::Busy`] or [`Refusal::Off`]; or the log or the database is not available.
pub async fn set(
    app: &CommandApi,
    context: &Context,
    user: UserId,
    password: Password,
) -> Result<Accepted, Refusal> {
    let issuer = app.issuer()?;
    let (tenant, id): (TenantId, PasswordId) = (context.tenant, Uuid::now_v7().into());
    let hash = issuer.hasher().hash(password).await?;
    issuer.vault().keep_hash(tenant, user, id, &hash).await?;
    let changed =
        change::<User>(app, context, user.as_uuid(), vec![UserAction::ChangePassword { password: id }]);
    let changed = changed.await?;
    issuer.vault().forget_older(tenant, user, id).await?;
    Ok(changed)
}
