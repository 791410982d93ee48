//! `GET /invoices/{id}/e-invoice` and `GET /credit-notes/{id}/e-invoice`: what was issued, as XML of EN 16931.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use domain::billing::invoice::{CreditNote, Document};
use domain::billing::series::DocumentNumber;
use domain::{CreditNoteId, InvoiceId};
use edge::{Failure, MinPosition, Path, Permission, Permit, Permitted, Problem, Query};
use einvoice::WriteError;
use projections::Projection;
use projections::billing::credit_note::CreditNoteDocuments;
use projections::billing::invoice_document::InvoiceDocuments;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::permission::ReadBills;
use crate::single;
use crate::wait::AtLeast;

/// In which of the two syntaxes of EN 16931.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Syntax {
    /// UBL 2.1.
    #[default]
    Ubl,
    /// Cross Industry Invoice of UN/CEFACT, D16B.
    Cii,
}

/// How it is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SyntaxQuery {
    /// `ubl` (UBL 2.1, the default) or `cii` (UN/CEFACT Cross Industry Invoice D16B).
    #[serde(default)]
    #[param(inline)]
    syntax: Syntax,
}

/// What of a row is written.
#[derive(Deserialize)]
#[serde(bound(deserialize = "D: DeserializeOwned"))]
struct Issued<D> {
    number: Option<DocumentNumber>,
    document: Option<D>,
    version: i64,
}

type Write<D> = fn(&D, &DocumentNumber) -> Result<String, WriteError>;

impl Syntax {
    fn of_invoice(self) -> Write<Document> {
        match self {
            Self::Ubl => einvoice::ubl::invoice,
            Self::Cii => einvoice::cii::invoice,
        }
    }

    fn of_credit_note(self) -> Write<CreditNote> {
        match self {
            Self::Ubl => einvoice::ubl::credit_note,
            Self::Cii => einvoice::cii::credit_note,
        }
    }
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_e_invoice)).routes(routes!(read_e_credit_note))
}

/// An issued invoice as an electronic invoice of EN 16931, the same bytes each time.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}/e-invoice",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), SyntaxQuery, AtLeast),
    responses(
        (
            status = 200,
            description = "The electronic invoice",
            body = String,
            content_type = "application/xml",
            headers(("ETag" = String, description = "The version of the invoice"))
        ),
        (status = 409, description = "It is a draft, or cannot be written by the rules of EN 16931", body = Failure),
    ),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_e_invoice(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<InvoiceId>,
    Query(SyntaxQuery { syntax }): Query<SyntaxQuery>,
) -> Result<Response, Problem> {
    app.written::<InvoiceDocuments, _>(&caller, at_least, id.into(), syntax.of_invoice()).await
}

/// A credit note as an electronic document of EN 16931, the same bytes each time.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes/{id}/e-invoice",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The credit note"), SyntaxQuery, AtLeast),
    responses(
        (
            status = 200,
            description = "The electronic credit note",
            body = String,
            content_type = "application/xml",
            headers(("ETag" = String, description = "The version of its invoice after the last change of it"))
        ),
        (status = 409, description = "It cannot be written by the rules of EN 16931", body = Failure),
    ),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_e_credit_note(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CreditNoteId>,
    Query(SyntaxQuery { syntax }): Query<SyntaxQuery>,
) -> Result<Response, Problem> {
    app.written::<CreditNoteDocuments, _>(&caller, at_least, id.into(), syntax.of_credit_note()).await
}

impl QueryApi {
    /// The document of a row, as XML.
    async fn written<P: Projection, D: DeserializeOwned>(
        &self,
        caller: &Permitted,
        at_least: Option<MinPosition>,
        id: Uuid,
        write: Write<D>,
    ) -> Result<Response, Problem> {
        self.wait(at_least, &[P::NAME]).await?;
        let mut reading = self.read(caller.tenant, caller.reach(), at_least, &[P::NAME]).await?;
        let Some(doc) = single::doc(&mut reading.transaction, P::NAME, id).await? else {
            return Err(reading.freshness.not_found());
        };
        let issued: Issued<D> = serde_json::from_str(doc.text()).map_err(Problem::internal)?;
        let (Some(number), Some(document)) = (&issued.number, &issued.document) else {
            return Err(Problem::refused("invoice.not_issued", "A draft has no electronic invoice."));
        };
        let xml = write(document, number).map_err(|rule| Problem::refused(rule.code(), rule.to_string()))?;
        let header = |text: String| HeaderValue::try_from(text).map_err(Problem::internal);
        // Numbers have no character that a file name must not have.
        let name = header(format!("attachment; filename=\"{}.xml\"", number.as_str().replace('/', "-")))?;
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8")),
            (CONTENT_DISPOSITION, name),
            (ETAG, header(format!("\"{}\"", issued.version))?),
        ];
        Ok((headers, xml).into_response())
    }
}
