//! `GET /identity-provider`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use domain::identity::provider::provider_id;
use edge::{
    Envelope, Failure, Identity, Links, MinPosition, Permission, Permit, Problem, Query, Rendered, Role,
};
use projections::identity::provider::ProviderView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::as_of::{AsOf, AsOfQuery};
use crate::list::link;
use crate::permission::ReadProvider;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

const PATH: &str = "/api/v1/identity-provider";

/// On whose word users are let in, and on which terms. The client secret is told to nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IdentityProvider {
    /// Its id.
    pub id: Uuid,
    /// The provider.
    #[schema(example = "https://login.engines.example")]
    pub issuer: String,
    /// What the portal is called there.
    pub client_id: String,
    /// The domains whose addresses come in by it; none means any.
    pub email_domains: Vec<String>,
    /// The role of those who come in without having an account; nobody does if none.
    pub newcomers: Option<String>,
    /// Whether passwords let in beside it.
    pub passwords: bool,
    /// What the provider tells, as `acr` or in `amr`, of whoever has shown more than one factor, and is not asked for another.
    #[schema(example = json!(["mfa"]))]
    pub second_factor_values: Vec<String>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what an administrator may do with it: `put`, `delete`.
    pub links: Links,
}

impl Rows for ProviderView {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_identity_provider))
}

/// On whose word the tenant lets users in, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/identity-provider",
    tag = "Users",
    params(AsOfQuery, AtLeast),
    responses(
        (
            status = 200,
            description = "The provider",
            body = Envelope<IdentityProvider>,
            headers(("ETag" = String, description = "Its version"))
        ),
        (status = 404, description = "There is no provider, or there was none then", body = Failure),
    ),
    extensions(("x-permission" = json!(ReadProvider::NAME)), ("x-roles" = json!(ReadProvider::ROLES)))
)]
async fn read_identity_provider(
    caller: Permit<ReadProvider>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |_: &Facts<'_>, as_of| links(as_of, &caller);
    app.one::<ProviderView>(&caller, at_least, provider_id(caller.tenant), as_of, &uri, links).await
}

fn links(as_of: Option<AsOf>, caller: &Identity) -> Links {
    if let Some(as_of) = as_of {
        return Links::new().itself(link(PATH, [("as_of", as_of.text().as_str())]));
    }
    let links = Links::new().itself(PATH);
    if !caller.has_any(&[Role::Admin]) {
        return links;
    }
    links.with("put", "PUT", PATH).with("delete", "DELETE", PATH)
}
