//! `GET /payments` and `GET /payments/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, Utc};
use domain::PaymentId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem, Query,
    Rendered,
};
use projections::Projection;
use projections::billing::payment_list::PaymentList;
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

/// A payment of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Its id.
    pub id: Uuid,
    /// `received`, or `reversed` if it never came or was drawn back.
    #[schema(example = "received")]
    pub status: String,
    /// Who received it.
    pub legal_entity_id: Uuid,
    /// Who paid.
    pub customer_id: Uuid,
    /// How much.
    pub amount: Money,
    /// What of it is left on the account of the customer: it neither settles an invoice nor went back.
    pub unapplied: Money,
    /// On which day it was there.
    pub received_on: NaiveDate,
    /// `bank_transfer`, `direct_debit`, `card`, `cash`, `cheque` or `other`.
    #[schema(example = "bank_transfer")]
    pub method: String,
    /// What the payer wrote on it.
    #[schema(example = "INV-2026-00042")]
    pub reference: Option<String>,
    /// Which invoices it settles, in the order in which it was applied to them.
    pub invoices: Vec<SettledInvoice>,
    /// What of it went back.
    pub refunds: Vec<PaymentRefund>,
    /// Why it was reversed.
    pub reversal_reason: Option<String>,
    /// When it was recorded, in business time.
    pub recorded_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, and the commands that are allowed now: `apply`, `unapply`, `refund`, `reverse`.
    pub links: Links,
}

/// An invoice that a payment settles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettledInvoice {
    /// The invoice.
    pub invoice_id: Uuid,
    /// How much.
    pub amount: Money,
    /// When.
    pub applied_at: DateTime<Utc>,
}

/// What of a payment went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRefund {
    /// Its id, to cancel it.
    pub refund_id: Uuid,
    /// How much.
    pub amount: Money,
    /// On which day it went.
    pub refunded_on: NaiveDate,
}

impl ListFields for Payment {
    const FIELDS: &'static [Field] = &[
        Field::uuid("id"),
        Field::choice("status", &["received", "reversed"]).sortable(),
        Field::uuid("legal_entity_id"),
        Field::uuid("customer_id"),
        Field::text("currency").sortable(),
        Field::decimal("amount").sortable(),
        Field::decimal("unapplied").sortable(),
        Field::date("received_on").sortable(),
        Field::choice("method", &["bank_transfer", "direct_debit", "card", "cash", "cheque", "other"])
            .sortable(),
        Field::time("updated_at").sortable(),
    ];
}

impl View for Payment {
    const TABLE: &'static str = PaymentList::NAME;
    const KIND: Option<RecordKind> = PaymentList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("received_on", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] =
        &["status", "currency", "amount", "unapplied", "received_on", "method", "updated_at"];
}

impl Rows for PaymentList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_payments)).routes(routes!(read_payment))
}

/// Payments, the latest first. Those of which something is left on an account: `filter[unapplied][gt]=0`.
#[utoipa::path(
    get,
    path = "/api/v1/payments",
    tag = "Billing",
    params(List<Payment>, AtLeast),
    responses((status = 200, description = "A page of payments", body = Envelope<Listed<Payment>>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn list_payments(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Payment>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links::of_payment(facts, None, &caller)).await
}

/// One payment, now or in the past.
#[utoipa::path(
    get,
    path = "/api/v1/payments/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The payment"), AsOfQuery, AtLeast),
    responses((
        status = 200,
        description = "The payment",
        body = Envelope<Payment>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_payment(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<PaymentId>,
    uri: Uri,
    Query(AsOfQuery { as_of }): Query<AsOfQuery>,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, as_of| links::of_payment(facts, as_of, &caller);
    app.one::<PaymentList>(&caller, at_least, id.into(), as_of, &uri, links).await
}
