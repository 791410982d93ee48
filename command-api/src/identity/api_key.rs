//! `/api/v1/api-keys`: keys by which programs act for whoever is signed in.

use std::collections::BTreeSet;

use access::ApiKey;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::identity::session::Method;
use domain::identity::user::{User, UserAction};
use domain::{ApiKeyId, Text, UserId};
use edge::{Answer, Envelope, Path, Problem, Role, created, ok};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::session::{OWN, OwnSession, user};
use super::{Refusal, second_factor};
use crate::dispatch::change;
use crate::moment::Moment;
use crate::sent::Sent;
use crate::{Accepted, CommandApi, CommandError, Context};

/// Where keys are.
const API_KEYS: &str = "/api/v1/api-keys";

/// A key to issue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyIn {
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Web form")]
    pub name: Text<100>,
    /// The permissions that it may use, such as `lead.capture`; as far as the user has them, and no longer than that.
    #[schema(value_type = Vec<String>, min_items = 1, example = json!(["lead.capture"]))]
    pub scopes: BTreeSet<Text<64>>,
    /// When it is over, within a year.
    pub expires_at: Moment,
}

/// A key, shown once.
#[derive(Clone, Serialize, ToSchema)]
pub struct ApiKeyShown {
    /// The key, to revoke it by.
    pub id: Uuid,
    /// For the header `Authorization: Bearer …`. It is kept nowhere, and shown this once.
    pub key: String,
    /// What it is called.
    #[schema(value_type = String)]
    pub name: Text<100>,
    /// The permissions that it may use.
    #[schema(value_type = Vec<String>)]
    pub scopes: BTreeSet<Text<64>>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

/// A key that is none any more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKeyRevoked {
    /// The key.
    pub id: Uuid,
}

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(issue_api_key)).routes(routes!(revoke_api_key))
}

/// Issue a key, by which programs act under one's own name. It is shown once.
///
/// It is good for the permissions that it names, as long as the user has them; not for what is `session.own`. It ends when it is
/// revoked, when it expires, and when the user is shut out. Asks for a token of `POST /api/v1/sessions/step-up`.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys",
    tag = "API keys",
    request_body = ApiKeyIn,
    responses(
        (status = 201, description = "The key, shown once", body = Envelope<ApiKeyShown>),
        (status = 409, description = "A rule refuses it in the present state", body = edge::Failure),
    ),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn issue_api_key(
    own: OwnSession,
    State(app): State<CommandApi>,
    sent: Sent<ApiKeyIn>,
) -> Result<Answer<ApiKeyShown>, Problem> {
    own.check_recent(app.now())?;
    let holder = user(&app, own.identity().tenant, own.user()).await?;
    own.check_own_password(&app, &holder).await?;
    // A key is used without anybody being asked, so a provider's second factor does not count for it.
    if second_factor::is_missing(&app, &holder, Method::Password).await? {
        return Err(Refusal::SecondFactorDemanded.into());
    }
    let ApiKeyIn { name, scopes, expires_at } = sent.body;
    check_scopes(&app, &scopes)?;
    let (expires_at, id) = (expires_at.get(), ApiKeyId::from_uuid(Uuid::now_v7()));
    let key = ApiKey::fresh(own.identity().tenant, id).map_err(Refusal::from)?;
    // The event is what makes it a key: until then its digest is kept, and opens nothing.
    app.issuer()?.vault().keep_key(&key, own.user(), expires_at).await.map_err(Refusal::from)?;
    let action = UserAction::IssueKey { key: id, name: name.clone(), scopes: scopes.clone(), expires_at };
    let done = change::<User>(&app, &own.context(), own.user().as_uuid(), vec![action]).await?;
    let shown = ApiKeyShown { id: id.as_uuid(), key: key.reveal(), name, scopes, expires_at };
    Ok(created(&format!("{API_KEYS}/{id}"), shown).with_position(done.position))
}

/// Revoke one of one's own keys. It is refused from then on, everywhere within a second.
#[utoipa::path(
    delete,
    path = "/api/v1/api-keys/{id}",
    tag = "API keys",
    params(("id" = Uuid, Path, description = "The key")),
    responses((status = 200, description = "Revoked", body = Envelope<ApiKeyRevoked>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn revoke_api_key(
    own: OwnSession,
    State(app): State<CommandApi>,
    Path(id): Path<ApiKeyId>,
) -> Result<Answer<ApiKeyRevoked>, Problem> {
    let done = revoke(&app, &own.context(), own.user(), id).await?;
    Ok(ok(ApiKeyRevoked { id: id.as_uuid() }).with_position(done.position))
}

/// Takes a key of a user away.
///
/// # Errors
/// [`CommandError::NotFound`] if it is not theirs; [`Refusal::Off`]; and those of [`crate::dispatch()`].
pub async fn revoke(
    app: &CommandApi,
    context: &Context,
    user: UserId,
    key: ApiKeyId,
) -> Result<Accepted, Refusal> {
    let done = change::<User>(app, context, user.as_uuid(), vec![UserAction::RevokeKey { key }]).await?;
    // It is none any more, whatever becomes of its digest, which goes when it would have expired.
    if let Err(error) = app.issuer()?.vault().forget_key(context.tenant, key).await {
        tracing::warn!(%error, "the digest of a revoked key is kept for now");
    }
    Ok(done)
}

/// Refuses scopes that are no permissions, since they would never be good for anything.
fn check_scopes(app: &CommandApi, scopes: &BTreeSet<Text<64>>) -> Result<(), CommandError> {
    if scopes.is_empty() {
        return Err(CommandError::field("scopes", "must name a permission"));
    }
    if scopes.iter().all(|scope| app.permissions().contains(scope.as_str())) {
        Ok(())
    } else {
        Err(CommandError::field("scopes", "must be names of permissions"))
    }
}
