//! `GET /invoices` and `GET /invoices/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, Utc};
use domain::InvoiceId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::billing::invoice_list::InvoiceList;
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
use crate::sales::Money;
use crate::wait::AtLeast;

/// An invoice, without what it says in detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// Its id.
    pub id: Uuid,
    /// Its number, once it is issued.
    #[schema(example = "INV-2026-00042")]
    pub number: Option<String>,
    /// `draft`, `issued`, `partly_paid`, `paid`, `credited`, `written_off` or `void`. It is overdue while something is `outstanding` after `due_date`.
    #[schema(example = "partly_paid")]
    pub status: String,
    /// Who issues it.
    pub legal_entity_id: Uuid,
    /// Who is billed.
    pub customer_id: Uuid,
    /// What the customer was called when it was issued.
    #[schema(example = "Ada Example")]
    pub customer_name: Option<String>,
    /// The series of its number, once it is issued.
    pub series_id: Option<Uuid>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What it comes to.
    pub totals: InvoiceTotals,
    /// What was paid of it.
    pub paid: Money,
    /// What of it is given up.
    pub written_off: Money,
    /// What of it was taken back by credit notes.
    pub credited: Money,
    /// What is still to be paid of an issued invoice: payable − paid − written off − credited; otherwise nothing.
    pub outstanding: Money,
    /// Which payments settle it, in the order in which they were applied.
    pub payments: Vec<AppliedPayment>,
    /// Its credit notes that count, the latest last.
    pub credit_notes: Vec<CreditNoteOf>,
    /// What the buyer wants to find on it.
    #[schema(example = "PO-17")]
    pub reference: Option<String>,
    /// Its date, once it is issued.
    pub issue_date: Option<NaiveDate>,
    /// Until when it is to be paid, once it is issued.
    pub due_date: Option<NaiveDate>,
    /// Why it is void.
    pub void_reason: Option<String>,
    /// When it was drafted.
    pub drafted_at: DateTime<Utc>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, `document`, and the commands that are allowed now: `replace_lines`, `discard`, `preview`, `issue`, `void`,
    /// `credit`, `write_off`, `reverse_write_off`.
    pub links: Links,
}

/// What of a payment settles an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AppliedPayment {
    /// The payment.
    pub payment_id: Uuid,
    /// How much.
    pub amount: Money,
    /// When.
    pub applied_at: DateTime<Utc>,
}

/// A credit note of an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CreditNoteOf {
    /// Which one it is.
    pub credit_note_id: Uuid,
    /// Its number.
    #[schema(example = "CN-2026-00007")]
    pub number: String,
    /// How much it takes back.
    pub amount: Money,
}

/// What an invoice comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceTotals {
    /// The sum of all lines.
    pub lines: Money,
    /// What is taken off the whole.
    pub allowances: Money,
    /// What is put on it.
    pub charges: Money,
    /// Lines − allowances + charges: the total without tax.
    pub net: Money,
    /// All tax.
    pub tax: Money,
    /// What is to be paid.
    pub payable: Money,
}

impl ListFields for Invoice {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::text("number").sortable(),
        Field::choice(
            "status",
            &["draft", "issued", "partly_paid", "paid", "credited", "written_off", "void"],
        )
        .sortable(),
        Field::uuid("legal_entity_id"),
        Field::uuid("customer_id"),
        Field::text("customer_name").sortable(),
        Field::uuid("series_id"),
        Field::text("currency").sortable(),
        Field::decimal("net").sortable(),
        Field::decimal("tax").sortable(),
        Field::decimal("payable").sortable(),
        Field::decimal("paid").sortable(),
        Field::decimal("written_off").sortable(),
        Field::decimal("credited").sortable(),
        Field::decimal("outstanding").sortable(),
        Field::date("issue_date").sortable(),
        Field::date("due_date").sortable(),
        Field::time("drafted_at").sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for Invoice {
    const TABLE: &'static str = InvoiceList::NAME;
    const KIND: Option<RecordKind> = InvoiceList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("drafted_at", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] = &[
        "status",
        "currency",
        "net",
        "tax",
        "payable",
        "paid",
        "written_off",
        "credited",
        "outstanding",
        "drafted_at",
        "updated_at",
    ];
}

impl Rows for InvoiceList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_invoices)).routes(routes!(read_invoice))
}

/// Invoices, the latest first. Drafts that were discarded are gone.
#[utoipa::path(
    get,
    path = "/api/v1/invoices",
    tag = "Billing",
    params(List<Invoice>, AtLeast),
    responses((status = 200, description = "A page of invoices", body = Envelope<Listed<Invoice>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_invoices(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Invoice>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_invoice(facts, None, &caller)).await
}

/// One invoice, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The invoice",
        body = Envelope<Invoice>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_invoice(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<InvoiceId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_invoice(facts, as_of, &caller);
    app.one::<InvoiceList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
