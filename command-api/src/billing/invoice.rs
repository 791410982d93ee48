//! `/api/v1/invoices`: commands on invoices.

mod body;
mod commands;
mod credit;
mod previewed;

use axum::extract::State;
use domain::{CreditNoteId, InvoiceId};
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::INVOICES;
use super::permission::{IssueBills, SettleBills, WriteBills};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{
    AdjustmentIn, CreditIn, DocumentAdjustmentIn, InvoiceIn, IssueIn, LineIn, LinesIn, PeriodIn, PreviewIn,
    VoidIn, WriteOffIn,
};
pub use commands::{
    DraftOf, IssueOn, discard, draft, issue, preview, replace_lines, reverse_write_off, void, write_off,
};
pub use credit::{CreditOn, credit, void_credit_note};
pub use previewed::Preview;
use previewed::Previews;
pub(super) use previewed::Schemas;

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(draft_invoice))
        .routes(routes!(replace_invoice_lines))
        .routes(routes!(discard_invoice))
        .routes(routes!(preview_invoice))
        .routes(routes!(issue_invoice))
        .routes(routes!(void_invoice))
        .routes(routes!(write_off_invoice))
        .routes(routes!(reverse_write_off_of_invoice))
        .routes(routes!(credit_invoice))
        .routes(routes!(void_credit_note_of_invoice))
}

/// Write a draft of an invoice. It has no number, and may still have no lines.
#[utoipa::path(
    post,
    path = "/api/v1/invoices",
    tag = "Billing",
    params(CreateHeaders),
    request_body = InvoiceIn,
    responses(Creates),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn draft_invoice(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    sent: Sent<InvoiceIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = InvoiceId::from_uuid(Uuid::now_v7());
    Ok(answer(INVOICES, draft(&app, &context, id, sent.body.try_into()?).await?))
}

/// Bill something else: all lines, allowances and charges of a draft from now on.
#[utoipa::path(
    put,
    path = "/api/v1/invoices/{id}/lines",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = LinesIn,
    responses(Changes),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn replace_invoice_lines(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Sent<LinesIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let (lines, adjustments) = sent.body.parts()?;
    Ok(answer(INVOICES, replace_lines(&app, &context, id, lines, adjustments).await?))
}

/// Throw a draft away.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/discard",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn discard_invoice(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, discard(&app, &context, id).await?))
}

/// Show what would be issued, to the byte, but for the number. Nothing changes by it.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/preview",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice")),
    request_body = Option<PreviewIn>,
    responses(Previews),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn preview_invoice(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Option<Sent<PreviewIn>>,
) -> Result<Answer<Preview>, Problem> {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, None);
    let PreviewIn { issue_date, exchange_rate } = sent.body;
    let on = issue_date.map_or_else(|| app.now().date_naive(), |day| day.get());
    previewed::answer(id, &preview(&app, &context, id, on, exchange_rate).await?)
}

/// Issue an invoice: it gets the next number of a series, and never changes again.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/issue",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = IssueIn,
    responses(Changes),
    extensions(("x-permission" = json!(IssueBills::NAME)), ("x-roles" = json!(IssueBills::ROLES)))
)]
async fn issue_invoice(
    caller: Caller<IssueBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Sent<IssueIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let IssueIn { series_id: series, issue_date, exchange_rate, .. } = sent.body;
    let on = issue_date.map(|day| day.get());
    Ok(answer(INVOICES, issue(&app, &context, id, IssueOn { series, on, exchange_rate }).await?))
}

/// Declare an issued invoice void, of which nothing is settled. Its number stays used.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/void",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = VoidIn,
    responses(Changes),
    extensions(("x-permission" = json!(IssueBills::NAME)), ("x-roles" = json!(IssueBills::ROLES)))
)]
async fn void_invoice(
    caller: Caller<IssueBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Sent<VoidIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, void(&app, &context, id, sent.body.reason).await?))
}

/// Give up what is still to be paid of an invoice.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/write-off",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = WriteOffIn,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn write_off_invoice(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Sent<WriteOffIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, write_off(&app, &context, id, sent.body.reason).await?))
}

/// Expect again what was given up of an invoice.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/reverse-write-off",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn reverse_write_off_of_invoice(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, reverse_write_off(&app, &context, id).await?))
}

/// Issue a credit note: it takes back some of an invoice, or all that is left of it.
///
/// It gets the next number of a series. Its tax is exact: all credit notes of an invoice come to what the invoice comes to once all of it is
/// taken back. What was paid already of what it takes back is left on the account of the customer.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/credit-notes",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The invoice"), ChangeHeaders),
    request_body = CreditIn,
    responses(Changes),
    extensions(("x-permission" = json!(IssueBills::NAME)), ("x-roles" = json!(IssueBills::ROLES)))
)]
async fn credit_invoice(
    caller: Caller<IssueBills>,
    State(app): State<CommandApi>,
    Path(id): Path<InvoiceId>,
    sent: Sent<CreditIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, credit(&app, &context, id, sent.body.try_into()?).await?))
}

/// Declare the last credit note of an invoice void. Its number stays used.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/credit-notes/{credit_note_id}/void",
    tag = "Billing",
    params(
        ("id" = Uuid, Path, description = "The invoice"),
        ("credit_note_id" = Uuid, Path, description = "The credit note"),
        ChangeHeaders
    ),
    request_body = VoidIn,
    responses(Changes),
    extensions(("x-permission" = json!(IssueBills::NAME)), ("x-roles" = json!(IssueBills::ROLES)))
)]
async fn void_credit_note_of_invoice(
    caller: Caller<IssueBills>,
    State(app): State<CommandApi>,
    Path((id, credit_note)): Path<(InvoiceId, CreditNoteId)>,
    sent: Sent<VoidIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(INVOICES, void_credit_note(&app, &context, id, credit_note, sent.body.reason).await?))
}
