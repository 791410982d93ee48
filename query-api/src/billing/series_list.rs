//! `GET /invoice-series` and `GET /invoice-series/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::SeriesId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::billing::series_list::SeriesList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::links;
use crate::app::QueryApi;
use crate::as_of::AsOfQuery;
use crate::list::{List, Listed, View};
use crate::permission::ReadBills;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A series of numbers of invoices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceSeries {
    /// Its id.
    pub id: Uuid,
    /// Whose invoices have its numbers.
    pub legal_entity_id: Uuid,
    /// What people call it.
    #[schema(example = "Invoices")]
    pub name: String,
    /// How its numbers look.
    #[schema(example = "INV-{year}-{seq:5}")]
    pub pattern: String,
    /// `open`, or `closed` if it gives out no more numbers.
    #[schema(example = "open")]
    pub status: String,
    /// How many numbers it has given out, in all years.
    #[schema(example = 42)]
    pub numbers: u64,
    /// The last of them.
    #[schema(example = "INV-2026-00042")]
    pub last_number: Option<String>,
    /// When it was begun.
    pub opened_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what the caller may do with it: `close`.
    pub links: Links,
}

impl ListFields for InvoiceSeries {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::uuid("legal_entity_id"),
        Field::text("name").sortable(),
        Field::choice("status", &["open", "closed"]).sortable(),
        Field::integer("numbers").sortable(),
        Field::time("opened_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for InvoiceSeries {
    const TABLE: &'static str = SeriesList::NAME;
    const KIND: Option<RecordKind> = SeriesList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name", "status", "numbers", "opened_at", "updated_at"];
}

impl Rows for SeriesList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_series)).routes(routes!(read_series))
}

/// Series of numbers, by name.
#[utoipa::path(
    get,
    path = "/api/v1/invoice-series",
    tag = "Billing",
    params(List<InvoiceSeries>, AtLeast),
    responses((status = 200, description = "A page of series", body = Envelope<Listed<InvoiceSeries>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_series(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<InvoiceSeries>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_series(facts, None, &caller)).await
}

/// One series, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/invoice-series/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The series"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The series",
        body = Envelope<InvoiceSeries>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_series(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<SeriesId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_series(facts, as_of, &caller);
    app.one::<SeriesList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
