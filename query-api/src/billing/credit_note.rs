//! `GET /credit-notes`, `GET /credit-notes/{id}`, and `GET /credit-notes/{id}/document`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, Utc};
use domain::CreditNoteId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Rendered,
};
use projections::Projection;
use projections::billing::credit_note::{CreditNoteDocuments, CreditNoteList};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::InvoiceTotals;
use super::links;
use crate::app::QueryApi;
use crate::list::{List, Listed, View};
use crate::permission::ReadBills;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// What of an invoice was taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreditNote {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    #[schema(example = "CN-2026-00007")]
    pub number: String,
    /// `issued`, or `void`.
    #[schema(example = "issued")]
    pub status: String,
    /// The invoice that it is of.
    pub invoice_id: Uuid,
    /// Who issued it.
    pub legal_entity_id: Uuid,
    /// The series of its number.
    pub series_id: Uuid,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What it comes to.
    pub totals: InvoiceTotals,
    /// Why it was issued.
    #[schema(example = "Two of three were broken")]
    pub reason: String,
    /// Its date.
    pub issue_date: NaiveDate,
    /// Why it is void.
    pub void_reason: Option<String>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version of its invoice after the last change of it.
    pub version: i64,
    /// `self`, `document`, `invoice`, and of those that count, `void`: of an invoice only the last one can be void, and `If-Match` takes the version of the
    /// invoice.
    pub links: Links,
}

/// What a credit note says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreditNoteDocument {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    #[schema(example = "CN-2026-00007")]
    pub number: String,
    /// `issued`, or `void`.
    #[schema(example = "issued")]
    pub status: String,
    /// What it says, as it was issued, with seller, buyer, lines, taxes and totals.
    #[schema(value_type = Object)]
    pub document: Value,
    /// The version of its invoice after the last change of it.
    pub version: i64,
    /// `self`, `credit_note`, `e_invoice`.
    pub links: Links,
}

impl ListFields for CreditNote {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("number").sortable(),
        Field::choice("status", &["issued", "void"]).sortable(),
        Field::uuid("invoice_id"),
        Field::uuid("legal_entity_id"),
        Field::uuid("series_id"),
        Field::text("currency").sortable(),
        Field::decimal("net").sortable(),
        Field::decimal("tax").sortable(),
        Field::decimal("payable").sortable(),
        Field::date("issue_date").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for CreditNote {
    const TABLE: &'static str = CreditNoteList::NAME;
    const KIND: Option<RecordKind> = CreditNoteList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("issue_date", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] =
        &["number", "status", "currency", "net", "tax", "payable", "issue_date", "updated_at"];
}

impl Rows for CreditNoteList {
    const KIND: Option<RecordKind> = None;
}

impl Rows for CreditNoteDocuments {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .routes(routes!(list_credit_notes))
        .routes(routes!(read_credit_note))
        .routes(routes!(read_credit_note_document))
}

/// Credit notes, the latest first.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes",
    tag = "Billing",
    params(List<CreditNote>, AtLeast),
    responses((status = 200, description = "A page of credit notes", body = Envelope<Listed<CreditNote>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_credit_notes(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<CreditNote>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_credit_note(facts, &caller)).await
}

/// One credit note.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The credit note"), AtLeast),
    responses((
        status = 200,
        description = "The credit note",
        body = Envelope<CreditNote>,
        headers(("ETag" = String, description = "The version of its invoice after the last change of it"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_credit_note(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CreditNoteId>,
    uri: Uri,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, _| links::of_credit_note(facts, &caller);
    app.one::<CreditNoteList>(&caller, at_least, id.into(), None, &uri, links).await
}

/// What a credit note says, as it was issued.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes/{id}/document",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The credit note"), AtLeast),
    responses((
        status = 200,
        description = "What it says",
        body = Envelope<CreditNoteDocument>,
        headers(("ETag" = String, description = "The version of its invoice after the last change of it"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_credit_note_document(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CreditNoteId>,
    uri: Uri,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, _| links::of_credit_note_document(facts);
    app.one::<CreditNoteDocuments>(&caller, at_least, id.into(), None, &uri, links).await
}
