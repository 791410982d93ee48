//! `GET /api-keys`: the keys of whoever asks; `GET /users/{id}/api-keys`: those of a user, for whoever runs the tenant.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::UserId;
use edge::{
    Answer, Bearer, Envelope, Links, Meta, MinPosition, Path, Permission, Permit, Problem, Reach, Role,
    TenantId,
};
use projections::Projection;
use projections::identity::key_list::KeyList;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::failure;
use crate::permission::{OWN, ReadUsers};
use crate::wait::AtLeast;

const PATH: &str = "/api/v1/api-keys";
const VIEWS: &[&str] = &[KeyList::NAME];

/// Without those that are over.
const KEYS: &str = "select id, doc ->> 'name' as name, doc -> 'scopes' as scopes,
        read_model.instant(doc ->> 'issued_at') as issued_at, expires_at
    from read_model.identity_key_list where user_id = $1 and expires_at > now() order by issued_at desc, id";

/// The keys of a user that are good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnApiKeys {
    /// The newest first.
    pub items: Vec<OwnApiKey>,
    /// `self`.
    pub links: Links,
}

/// A key of the user. The key itself is shown once only, when it is issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnApiKey {
    /// The key.
    pub id: Uuid,
    /// What it is called.
    #[schema(example = "Web form")]
    pub name: String,
    /// The permissions that it may use, as far as the user has them.
    #[schema(example = json!(["lead.capture"]))]
    pub scopes: Vec<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
    /// `revoke`.
    pub links: Links,
}

#[derive(FromRow)]
struct Found {
    id: Uuid,
    name: String,
    scopes: Json<Vec<String>>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_own_api_keys)).routes(routes!(list_user_api_keys))
}

/// One's own keys that are good.
#[utoipa::path(
    get,
    path = "/api/v1/api-keys",
    tag = "API keys",
    params(AtLeast),
    responses((status = 200, description = "The keys", body = Envelope<OwnApiKeys>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn list_own_api_keys(
    caller: Bearer,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
) -> Result<Answer<OwnApiKeys>, Problem> {
    let (user, _) = caller.signed_in().ok_or_else(Problem::no_session)?;
    let revoke = |id| Links::new().with("revoke", "DELETE", format!("{PATH}/{id}"));
    keys(&app, caller.identity().tenant, user, at_least, PATH, revoke).await
}

/// The keys of a user that are good.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/api-keys",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), AtLeast),
    responses((status = 200, description = "The keys", body = Envelope<OwnApiKeys>)),
    extensions(("x-permission" = json!(ReadUsers::NAME)), ("x-roles" = json!(ReadUsers::ROLES)))
)]
async fn list_user_api_keys(
    caller: Permit<ReadUsers>,
    State(app): State<QueryApi>,
    Path(id): Path<UserId>,
    at_least: Option<MinPosition>,
) -> Result<Answer<OwnApiKeys>, Problem> {
    let path = format!("/api/v1/users/{id}/api-keys");
    let revoke = |key| Links::new().with("revoke", "DELETE", format!("{path}/{key}"));
    keys(&app, caller.tenant, id.as_uuid(), at_least, &path, revoke).await
}

async fn keys(
    app: &QueryApi,
    tenant: TenantId,
    user: Uuid,
    at_least: Option<MinPosition>,
    path: &str,
    links: impl Fn(Uuid) -> Links,
) -> Result<Answer<OwnApiKeys>, Problem> {
    app.wait(at_least, VIEWS).await?;
    // Not an answer that is kept: keys end without an event.
    let mut reading = app.read(tenant, &Reach::All, at_least, VIEWS).await?;
    let found: Vec<Found> = sqlx::query_as(KEYS)
        .bind(user)
        .fetch_all(reading.transaction.connection())
        .await
        .map_err(failure::database)?;
    let items = found.into_iter().map(|found| OwnApiKey::of(found, &links)).collect();
    Ok(reading.freshness.answer(OwnApiKeys { items, links: Links::new().itself(path) }, Meta::default()))
}

impl OwnApiKey {
    fn of(found: Found, links: impl Fn(Uuid) -> Links) -> Self {
        let Found { id, name, scopes: Json(scopes), issued_at, expires_at } = found;
        let links = links(id);
        Self { id, name, scopes, issued_at, expires_at, links }
    }
}
