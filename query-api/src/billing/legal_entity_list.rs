//! `GET /legal-entities` and `GET /legal-entities/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::LegalEntityId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::billing::legal_entity_list::LegalEntityList;
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

/// A company that issues invoices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegalEntity {
    /// Its id.
    pub id: Uuid,
    /// The name in the register.
    #[schema(example = "Example Engines GmbH")]
    pub name: String,
    /// Where it is in its country.
    pub address: PostalAddress,
    /// In which country it is, by ISO 3166-1.
    #[schema(example = "DE")]
    pub country: String,
    /// How the tax office knows it.
    pub tax_ids: Vec<TaxNumber>,
    /// The currency of its books, by ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// When it was taken down.
    pub registered_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and what the caller may do with it: `patch`.
    pub links: Links,
}

impl ListFields for LegalEntity {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("name").sortable(),
        Field::text("country").sortable(),
        Field::text("currency").sortable(),
        Field::time("registered_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for LegalEntity {
    const TABLE: &'static str = LegalEntityList::NAME;
    const KIND: Option<RecordKind> = LegalEntityList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] =
        &["name", "country", "currency", "registered_at", "updated_at"];
}

impl Rows for LegalEntityList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_legal_entities)).routes(routes!(read_legal_entity))
}

/// Companies that issue invoices, by name.
#[utoipa::path(
    get,
    path = "/api/v1/legal-entities",
    tag = "Billing",
    params(List<LegalEntity>, AtLeast),
    responses((status = 200, description = "A page of legal entities", body = Envelope<Listed<LegalEntity>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_legal_entities(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<LegalEntity>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_legal_entity(facts, None, &caller)).await
}

/// One legal entity, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/legal-entities/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The legal entity"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The legal entity",
        body = Envelope<LegalEntity>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_legal_entity(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<LegalEntityId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_legal_entity(facts, as_of, &caller);
    app.one::<LegalEntityList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
