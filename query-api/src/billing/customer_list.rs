//! `GET /billing-customers` and `GET /billing-customers/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::CustomerId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::billing::customer_list::CustomerList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::links;
use super::{PostalAddress, TaxNumber};
use crate::app::QueryApi;
use crate::as_of::AsOfQuery;
use crate::list::{List, Listed, View};
use crate::permission::ReadBills;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// Whoever is billed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BillingCustomer {
    /// Their id.
    pub id: Uuid,
    /// Their name, in full; `erased` once that was erased, with neither `address` nor `tax_ids` nor `email`.
    #[schema(example = "Ada Example")]
    pub name: String,
    /// Where they are in their country.
    pub address: Option<PostalAddress>,
    /// In which country they are, by ISO 3166-1.
    #[schema(example = "FR")]
    pub country: String,
    /// How the tax office knows them.
    pub tax_ids: Option<Vec<TaxNumber>>,
    /// In which currency they are billed, by ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Within how many days they pay.
    #[schema(example = 30)]
    pub terms: u16,
    /// In which language they are written to.
    #[schema(example = "fr")]
    pub language: String,
    /// Where invoices go.
    #[schema(example = "bills@engines.example")]
    pub email: Option<String>,
    /// When they were taken down.
    pub registered_at: DateTime<Utc>,
    /// When who they are was erased; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what the caller may do with them: `patch`, `erase`.
    pub links: Links,
}

impl ListFields for BillingCustomer {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::text("country").sortable(),
        Field::text("currency").sortable(),
        Field::text("email").sortable(),
        Field::time("registered_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for BillingCustomer {
    const TABLE: &'static str = CustomerList::NAME;
    const KIND: Option<RecordKind> = CustomerList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] =
        &["name", "country", "currency", "registered_at", "updated_at"];
}

impl Rows for CustomerList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_customers)).routes(routes!(read_customer))
}

/// Whoever is billed, by name.
#[utoipa::path(
    get,
    path = "/api/v1/billing-customers",
    tag = "Billing",
    params(List<BillingCustomer>, AtLeast),
    responses((status = 200, description = "A page of customers", body = Envelope<Listed<BillingCustomer>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_customers(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<BillingCustomer>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_customer(facts, None, &caller)).await
}

/// One customer, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/billing-customers/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The customer"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The customer",
        body = Envelope<BillingCustomer>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_customer(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CustomerId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_customer(facts, as_of, &caller);
    app.one::<CustomerList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
