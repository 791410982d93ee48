//! `GET /invoices/{id}/document`: what an invoice says in detail.

use axum::extract::State;
use axum::http::Uri;
use domain::InvoiceId;
use domain::identity::RecordKind;
use edge::{Envelope, Links, MinPosition, Path, Permission, Permit, Problem, Rendered};
use projections::billing::invoice_document::InvoiceDocuments;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::links;
use crate::app::QueryApi;
use crate::permission::ReadBills;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// What an invoice says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceDocument {
    /// The invoice.
    pub id: Uuid,
    /// Its number, once it is issued.
    #[schema(example = "INV-2026-00042")]
    pub number: Option<String>,
    /// `draft`, `issued` or `void`, whatever of it is settled.
    #[schema(example = "issued")]
    pub status: String,
    /// What a draft says: `reference`, `note`, `lines`, `adjustments`; null once it is issued.
    #[schema(value_type = Option<Object>)]
    pub draft: Option<Value>,
    /// What was issued, as it was, with seller, buyer, lines, taxes and totals; null before.
    #[schema(value_type = Option<Object>)]
    pub document: Option<Value>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, `invoice`, and once it is issued, `e_invoice`.
    pub links: Links,
}

impl Rows for InvoiceDocuments {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_invoice_document))
}

/// What an invoice says: as a draft, or as it was issued.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}/document",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), AtLeast),
    responses((
        status = 200,
        description = "What it says",
        body = Envelope<InvoiceDocument>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_invoice_document(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<InvoiceId>,
    uri: Uri,
) -> Result<Rendered, Problem> {
    let links = |facts: &Facts<'_>, _| links::of_document(facts);
    app.one::<InvoiceDocuments>(&caller, at_least, id.into(), None, &uri, links).await
}
