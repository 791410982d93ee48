//! `GET /teams` and `GET /teams/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::TeamId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Identity, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem,
    Query, Rendered, Role,
};
use projections::Projection;
use projections::identity::team_list::TeamList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::as_of::{AsOf, AsOfQuery};
use crate::list::{List, Listed, View, link};
use crate::permission::ReadTeams;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "North")]
    pub name: String,
    /// The user who manages it.
    pub manager_id: Option<Uuid>,
    /// The team above it, which may be dissolved.
    pub parent_id: Option<Uuid>,
    /// The users who are in it.
    pub members: Vec<Uuid>,
    /// When it was formed.
    pub formed_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what an administrator may do with it: `patch`, `dissolve`.
    pub links: Links,
}

impl ListFields for Team {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::uuid("manager_id"),
        Field::uuid("parent_id"),
        Field::time("formed_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for Team {
    const TABLE: &'static str = TeamList::NAME;
    const KIND: Option<RecordKind> = TeamList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "formed_at", "updated_at"];
}

impl Rows for TeamList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_teams)).routes(routes!(read_team))
}

/// All teams, by name.
#[utoipa::path(
    get,
    path = "/api/v1/teams",
    tag = "Teams",
    params(List<Team>, AtLeast),
    responses((status = 200, description = "A page of teams", body = Envelope<Listed<Team>>)),
    extensions(("x-permission" = json!(ReadTeams::NAME)), ("x-roles" = json!(ReadTeams::ROLES)))
)]
async fn list_teams(
    caller: Permit<ReadTeams>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Team>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links(facts, None, &caller)).await
}

/// One team, now or in the past: who was in it on that day.
#[utoipa::path(
    get,
    path = "/api/v1/teams/{id}",
    tag = "Teams",
    params(("id" = Uuid, Path, description = "The team"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The team",
        body = Envelope<Team>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadTeams::NAME)), ("x-roles" = json!(ReadTeams::ROLES)))
)]
async fn read_team(
    caller: Permit<ReadTeams>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<TeamId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links(facts, as_of, &caller);
    app.one::<TeamList>(&caller, at_least, id.into(), as_of, &uri, links).await
}

fn links(facts: &Facts<'_>, as_of: Option<AsOf>, caller: &Identity) -> Links {
    let path = format!("/api/v1/teams/{}", facts.id);
    if let Some(as_of) = as_of {
        return Links::new().itself(link(&path, [("as_of", as_of.text().as_str())]));
    }
    let links = Links::new().itself(&path);
    if !caller.has_any(&[Role::Admin]) {
        return links;
    }
    links.with("patch", "PATCH", &path).post("dissolve", format!("{path}/dissolve"))
}
