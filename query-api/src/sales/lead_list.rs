//! `GET /leads` and `GET /leads/{id}`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::LeadId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::sales::lead_list::LeadList;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::links;
use crate::app::QueryApi;
use crate::as_of::AsOfQuery;
use crate::list::{List, Listed, View};
use crate::permission::ReadLeads;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lead {
    /// Its id.
    pub id: Uuid,
    /// Who it is; `erased` once that was erased, with neither `email` nor `phone`.
    #[schema(example = "Ada Example")]
    pub name: String,
    /// Where they work.
    #[schema(example = "Example Engines Ltd")]
    pub company: Option<String>,
    /// Their e-mail address.
    #[schema(example = "ada@engines.example")]
    pub email: Option<String>,
    /// Their phone number.
    #[schema(example = "+44 20 7946 0000")]
    pub phone: Option<String>,
    /// Where the lead came from.
    #[schema(example = "Trade fair")]
    pub source: Option<String>,
    /// Who works on it.
    #[schema(example = "sam")]
    pub owner: Option<String>,
    /// `open`, `qualified`, `disqualified` or `converted`.
    #[schema(example = "open")]
    pub status: String,
    /// 0 to 100, once qualified.
    #[schema(example = 70)]
    pub score: Option<u8>,
    /// Why it was given up.
    pub disqualified_reason: Option<String>,
    /// The opportunity that it became.
    pub opportunity_id: Option<Uuid>,
    /// Fields of the tenant's own: flags, numbers and text.
    #[schema(example = json!({"region": "North", "employees": 250}))]
    pub custom: BTreeMap<String, Value>,
    /// Activities logged.
    pub activities: u32,
    /// When the last of them took place.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// When it was taken down.
    pub captured_at: DateTime<Utc>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When who it is was erased; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, `history`, `opportunity`, and the commands that are allowed now: `patch`, `assign`, `activities`,
    /// `qualify`, `disqualify`, `convert`, `reopen`, `erase`.
    pub links: Links,
}

impl ListFields for Lead {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::text("company").sortable(),
        Field::text("email").sortable(),
        Field::text("phone"),
        Field::text("source").sortable(),
        Field::text("owner").sortable(),
        Field::choice("status", &["open", "qualified", "disqualified", "converted"]).sortable(),
        Field::integer("score").sortable(),
        Field::uuid("opportunity_id"),
        Field::time("captured_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
    const SEARCH: bool = true;
}

impl View for Lead {
    const TABLE: &'static str = LeadList::NAME;
    const KIND: Option<RecordKind> = LeadList::KIND;
    const SEARCHED: &'static [&'static str] = &["company", "email", "phone", "source"];
    const ORDER: &'static [(&'static str, Order)] = &[("captured_at", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "status", "captured_at", "updated_at"];
    const CUSTOM: bool = true;
}

impl Rows for LeadList {
    const KIND: Option<RecordKind> = Some(RecordKind::Lead);
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_leads)).routes(routes!(read_lead))
}

/// Leads, the latest first.
///
/// `q` finds leads of which name, company, e-mail, phone, source or owner have words that begin like each of its words.
#[utoipa::path(
    get,
    path = "/api/v1/leads",
    tag = "Leads",
    params(List<Lead>, AtLeast),
    responses((status = 200, description = "A page of leads", body = Envelope<Listed<Lead>>)),
    extensions(("x-permission" = json!(ReadLeads::NAME)), ("x-roles" = json!(ReadLeads::ROLES)))
)]
async fn list_leads(
    caller: Permit<ReadLeads>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Lead>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_lead(facts, None, &caller)).await
}

/// One lead, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/leads/{id}",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The lead",
        body = Envelope<Lead>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadLeads::NAME)), ("x-roles" = json!(ReadLeads::ROLES)))
)]
async fn read_lead(
    caller: Permit<ReadLeads>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<LeadId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_lead(facts, as_of, &caller);
    app.one::<LeadList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
