//! `/api/v1/payments`: commands on payments of customers.

mod body;
mod commands;

use axum::extract::State;
use domain::{PaymentId, RefundId};
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::PAYMENTS;
use super::permission::SettleBills;
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{ApplicationIn, ApplyIn, PaymentIn, RefundIn, ReverseIn, UnapplyIn};
pub use commands::{Applications, RefundOf, apply, cancel_refund, record, refund, reverse, unapply};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(record_payment))
        .routes(routes!(apply_payment))
        .routes(routes!(unapply_payment))
        .routes(routes!(refund_payment))
        .routes(routes!(cancel_refund_of_payment))
        .routes(routes!(reverse_payment))
}

/// Record a payment of a customer, and have it settle their invoices.
///
/// Unless `apply` is `none`, it settles those first whose numbers stand in `reference`, then those that were due first, 50 at most. What it
/// leaves stays on the account of the customer.
#[utoipa::path(
    post,
    path = "/api/v1/payments",
    tag = "Billing",
    params(CreateHeaders),
    request_body = PaymentIn,
    responses(Creates),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn record_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    sent: Sent<PaymentIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = PaymentId::from_uuid(Uuid::now_v7());
    let (receipt, applies) = sent.body.parts();
    Ok(answer(PAYMENTS, record(&app, &context, id, receipt, applies).await?))
}

/// Have what is left of a payment settle invoices.
///
/// Without `invoices` it settles those first whose numbers the payer wrote on it, then those that were due first, 50 at most.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/apply",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The payment"), ChangeHeaders),
    request_body = Option<ApplyIn>,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn apply_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<PaymentId>,
    sent: Option<Sent<ApplyIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PAYMENTS, apply(&app, &context, id, sent.body.try_into()?).await?))
}

/// Have a payment settle invoices no longer: those of `invoice_ids`, or all.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/unapply",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The payment"), ChangeHeaders),
    request_body = Option<UnapplyIn>,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn unapply_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<PaymentId>,
    sent: Option<Sent<UnapplyIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PAYMENTS, unapply(&app, &context, id, sent.body.invoice_ids).await?))
}

/// Give back what is left of a payment, or some of it.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/refunds",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The payment"), ChangeHeaders),
    request_body = RefundIn,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn refund_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<PaymentId>,
    sent: Sent<RefundIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let RefundIn { amount, refunded_on, .. } = sent.body;
    let refund_of = RefundOf { refund: RefundId::from_uuid(Uuid::now_v7()), amount, on: refunded_on.get() };
    Ok(answer(PAYMENTS, refund(&app, &context, id, refund_of).await?))
}

/// Take back that something of a payment was given back.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/refunds/{refund_id}/cancel",
    tag = "Billing",
    params(
        ("id" = Uuid, Path, description = "The payment"),
        ("refund_id" = Uuid, Path, description = "The repayment"),
        ChangeHeaders
    ),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn cancel_refund_of_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path((id, refund)): Path<(PaymentId, RefundId)>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PAYMENTS, cancel_refund(&app, &context, id, refund).await?))
}

/// Take back that a payment came: the bank drew it back, or it never was one. It settles no invoice any more.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/reverse",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The payment"), ChangeHeaders),
    request_body = ReverseIn,
    responses(Changes),
    extensions(("x-permission" = json!(SettleBills::NAME)), ("x-roles" = json!(SettleBills::ROLES)))
)]
async fn reverse_payment(
    caller: Caller<SettleBills>,
    State(app): State<CommandApi>,
    Path(id): Path<PaymentId>,
    sent: Sent<ReverseIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(PAYMENTS, reverse(&app, &context, id, sent.body.reason).await?))
}
