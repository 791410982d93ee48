//! `GET /opportunities` and `GET /opportunities/{id}`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, Utc};
use domain::OpportunityId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::sales::opportunity_list::OpportunityList;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Money, links};
use crate::app::QueryApi;
use crate::as_of::AsOfQuery;
use crate::list::{List, Listed, View};
use crate::permission::ReadOpportunities;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Opportunity {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "Engine no. 2")]
    pub name: String,
    /// The pipeline it is in.
    pub pipeline_id: Uuid,
    /// The stage it is in; once closed, the last one it was in.
    pub stage_id: Uuid,
    /// `open`, `won` or `lost`.
    #[schema(example = "open")]
    pub status: String,
    /// What it is worth, if that is known.
    pub amount: Option<Money>,
    /// How likely it is won, in percent; 100 once won, 0 once lost.
    #[schema(example = 50)]
    pub probability: u8,
    /// When it should be decided.
    pub expected_close: Option<NaiveDate>,
    /// What is sold.
    #[schema(example = "Difference engine")]
    pub product: Option<String>,
    /// To whom.
    #[schema(example = "Example Engines Ltd")]
    pub account: Option<String>,
    /// By whom.
    #[schema(example = "sam")]
    pub owner: Option<String>,
    /// Where the deal came from.
    #[schema(example = "Trade fair")]
    pub source: Option<String>,
    /// The lead it was, if it was one.
    pub lead_id: Option<Uuid>,
    /// Fields of the tenant's own: flags, numbers and text.
    #[schema(example = json!({"region": "North", "seats": 12}))]
    pub custom: BTreeMap<String, Value>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it came into its stage, or was closed.
    pub stage_since: DateTime<Utc>,
    /// Stays in stages so far, this one included.
    pub stay: u32,
    /// The day it was won or lost.
    pub closed_on: Option<NaiveDate>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
    /// Activities logged.
    pub activities: u32,
    /// When the last of them took place.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// When what was said of people in its activities was erased; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, `history`, `pipeline`, `lead`, and the commands that are allowed now: `patch`, `assign`, `activities`,
    /// `move`, `win`, `lose`, `reopen`, `erase`.
    pub links: Links,
}

impl ListFields for Opportunity {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::uuid("pipeline_id"),
        Field::uuid("stage_id"),
        Field::choice("status", &["open", "won", "lost"]).sortable(),
        Field::decimal("amount").sortable(),
        Field::text("currency").sortable(),
        Field::integer("probability").sortable(),
        Field::decimal("weighted").sortable(),
        Field::date("expected_close").sortable(),
        Field::text("product").sortable(),
        Field::text("account").sortable(),
        Field::text("owner").sortable(),
        Field::text("source").sortable(),
        Field::uuid("lead_id"),
        Field::date("opened_on"),
        Field::date("closed_on").sortable(),
        Field::integer("days_to_close").sortable(),
        Field::time("opened_at").sortable(),
        Field::time("stage_since").sortable(),
        Field::time("updated_at").sortable(),
    ];
    const SEARCH: bool = true;
}

impl View for Opportunity {
    const TABLE: &'static str = OpportunityList::NAME;
    const KIND: Option<RecordKind> = OpportunityList::KIND;
    const SEARCHED: &'static [&'static str] = &["account", "product", "source"];
    const ORDER: &'static [(&'static str, Order)] = &[("opened_at", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] =
        &["name", "status", "probability", "opened_at", "stage_since", "updated_at"];
    const CUSTOM: bool = true;
}

impl Rows for OpportunityList {
    const KIND: Option<RecordKind> = Some(RecordKind::Opportunity);
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_opportunities)).routes(routes!(read_opportunity))
}

/// Opportunities, the latest first.
///
/// `q` finds deals of which name, account, product, owner or source have words that begin like each of its words.
/// `amount` and `weighted` compare as numbers, whatever the currency: filter by `currency` too where that matters.
#[utoipa::path(
    get,
    path = "/api/v1/opportunities",
    tag = "Opportunities",
    params(List<Opportunity>, AtLeast),
    responses((status = 200, description = "A page of deals", body = Envelope<Listed<Opportunity>>)),
    extensions(("x-permission" = json!(ReadOpportunities::NAME)), ("x-roles" = json!(ReadOpportunities::ROLES)))
)]
async fn list_opportunities(
    caller: Permit<ReadOpportunities>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Opportunity>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_opportunity(facts, None, &caller)).await
}

/// One opportunity, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/opportunities/{id}",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The deal"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The deal",
        body = Envelope<Opportunity>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadOpportunities::NAME)), ("x-roles" = json!(ReadOpportunities::ROLES)))
)]
async fn read_opportunity(
    caller: Permit<ReadOpportunities>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<OpportunityId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_opportunity(facts, as_of, &caller);
    app.one::<OpportunityList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
