//! `GET /roles` and `GET /roles/{id}`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::CustomRoleId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Identity, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem,
    Query, Rendered, Role as KnownRole,
};
use projections::Projection;
use projections::identity::custom_role_list::CustomRoleList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::as_of::{AsOf, AsOfQuery};
use crate::list::{List, Listed, View, link};
use crate::permission::ReadRoles;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A role that the tenant has defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomRole {
    /// Its id, which tokens name it by.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "Field sales")]
    pub name: String,
    /// What it lets users do: permissions by their names, each with its level `own`, `team` or `all`.
    #[schema(example = json!({"lead.read": "team", "lead.correct": "own"}))]
    pub grants: BTreeMap<String, String>,
    /// The fields that it does not show them; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["lead.email"]))]
    pub hidden: Vec<String>,
    /// `defined`, or `retired` for one that nobody has any more.
    #[schema(example = "defined")]
    pub status: String,
    /// When it was defined.
    pub defined_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what an administrator may do with it now: `patch`, `retire`.
    pub links: Links,
}

impl ListFields for CustomRole {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::choice("status", &["defined", "retired"]).sortable(),
        Field::time("defined_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for CustomRole {
    const TABLE: &'static str = CustomRoleList::NAME;
    const KIND: Option<RecordKind> = CustomRoleList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "status", "defined_at", "updated_at"];
}

impl Rows for CustomRoleList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_roles)).routes(routes!(read_role))
}

/// The roles that the tenant has defined, by name.
#[utoipa::path(
    get,
    path = "/api/v1/roles",
    tag = "Roles",
    params(List<CustomRole>, AtLeast),
    responses((status = 200, description = "A page of roles", body = Envelope<Listed<CustomRole>>)),
    extensions(("x-permission" = json!(ReadRoles::NAME)), ("x-roles" = json!(ReadRoles::ROLES)))
)]
async fn list_roles(
    caller: Permit<ReadRoles>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<CustomRole>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links(facts, None, &caller)).await
}

/// One role, now or in the past: what it gave on that day.
#[utoipa::path(
    get,
    path = "/api/v1/roles/{id}",
    tag = "Roles",
    params(("id" = Uuid, Path, description = "The role"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The role",
        body = Envelope<CustomRole>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadRoles::NAME)), ("x-roles" = json!(ReadRoles::ROLES)))
)]
async fn read_role(
    caller: Permit<ReadRoles>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CustomRoleId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links(facts, as_of, &caller);
    app.one::<CustomRoleList>(&caller, at_least, id.into(), as_of, &uri, links).await
}

fn links(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let path = format!("/api/v1/roles/{}", facts.id);
    if let Some(as_of) = as_of {
        return Links::new().itself(link(&path, [("as_of", as_of.text().as_str())]));
    }
    let links = Links::new().itself(&path);
    if facts.status == "retired" || !caller.has_any(&[KnownRole::Admin]) {
        return links;
    }
    links.with("patch", "PATCH", &path).post("retire", format!("{path}/retire"))
}
