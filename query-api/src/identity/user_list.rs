//! `GET /users` and `GET /users/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::UserId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Identity, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem,
    Query, Rendered, Role,
};
use projections::Projection;
use projections::identity::user_list::UserList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::as_of::{AsOf, AsOfQuery};
use crate::list::{List, Listed, View, link};
use crate::permission::ReadUsers;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The id, which is the `sub` of the user's tokens.
    pub id: Uuid,
    /// What the user is called; `erased` once that was erased.
    #[schema(example = "Grace Hopper")]
    pub name: String,
    /// Where mail reaches the user.
    #[schema(example = "grace@engines.example")]
    pub email: String,
    /// What the user may do: `admin`, `sales_manager`, `sales_rep`, `support`, `finance`, `viewer`, `auditor`.
    #[schema(example = json!(["sales_rep"]))]
    pub roles: Vec<String>,
    /// The roles of those that the tenant has defined; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_roles: Vec<Uuid>,
    /// `active`, `disabled` for one who is shut out, or `erased` for one whose account is closed for good.
    #[schema(example = "active")]
    pub status: String,
    /// When the account was opened.
    pub registered_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and the commands that an administrator may send now, but for `disable` and `erase` to themselves: `patch`,
    /// `assign_roles`, `disable`, `enable`, `erase`.
    pub links: Links,
}

impl ListFields for User {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::text("email").sortable(),
        Field::choice("status", &["active", "disabled", "erased"]).sortable(),
        Field::time("registered_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for User {
    const TABLE: &'static str = UserList::NAME;
    const KIND: Option<RecordKind> = UserList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "email", "status", "registered_at", "updated_at"];
}

impl Rows for UserList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_users)).routes(routes!(read_user))
}

/// All users, by name.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "Users",
    params(List<User>, AtLeast),
    responses((status = 200, description = "A page of users", body = Envelope<Listed<User>>)),
    extensions(("x-permission" = json!(ReadUsers::NAME)), ("x-roles" = json!(ReadUsers::ROLES)))
)]
async fn list_users(
    caller: Permit<ReadUsers>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<User>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links(facts, None, &caller)).await
}

/// One user, now or in the past: which roles somebody had on that day.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    tag = "Users",
    params(("id" = Uuid, Path, description = "The user"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The user",
        body = Envelope<User>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadUsers::NAME)), ("x-roles" = json!(ReadUsers::ROLES)))
)]
async fn read_user(
    caller: Permit<ReadUsers>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<UserId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links(facts, as_of, &caller);
    app.one::<UserList>(&caller, at_least, id.into(), as_of, &uri, links).await
}

fn links(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let path = format!("/api/v1/users/{}", facts.id);
    if let Some(as_of) = as_of {
        return Links::new().itself(link(&path, [("as_of", as_of.text().as_str())]));
    }
    let links = Links::new().itself(&path);
    if !caller.has_any(&[Role::Admin]) || facts.status == "erased" {
        return links;
    }
    let links = links.with("patch", "PATCH", &path).with("assign_roles", "PUT", format!("{path}/roles"));
    let links = links.post("erase", format!("{path}/erase"));
    match facts.status {
        "disabled" => links.post("enable", format!("{path}/enable")),
        _ => links.post("disable", format!("{path}/disable")),
    }
}
