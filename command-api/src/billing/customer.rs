//! `/api/v1/billing-customers`: commands on whoever is billed.

mod body;
mod commands;

use axum::extract::State;
use domain::CustomerId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::CUSTOMERS;
use super::permission::{EraseCustomer, WriteBills};
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::{CustomerIn, CustomerPatch};
pub use commands::{change, erase, register};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .routes(routes!(register_customer))
        .routes(routes!(change_customer))
        .routes(routes!(erase_customer))
}

/// Take down a customer.
#[utoipa::path(
    post,
    path = "/api/v1/billing-customers",
    tag = "Billing",
    params(CreateHeaders),
    request_body = CustomerIn,
    responses(Creates),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn register_customer(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    sent: Sent<CustomerIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = CustomerId::from_uuid(Uuid::now_v7());
    Ok(answer(CUSTOMERS, register(&app, &context, id, sent.body.into()).await?))
}

/// Change what is known of a customer. Invoices that are issued already stay as they are.
#[utoipa::path(
    patch,
    path = "/api/v1/billing-customers/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The customer"), ChangeHeaders),
    request_body = CustomerPatch,
    responses(Changes),
    extensions(("x-permission" = json!(WriteBills::NAME)), ("x-roles" = json!(WriteBills::ROLES)))
)]
async fn change_customer(
    caller: Caller<WriteBills>,
    State(app): State<CommandApi>,
    Path(id): Path<CustomerId>,
    sent: Sent<CustomerPatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(CUSTOMERS, change(&app, &context, id, sent.body).await?))
}

/// Erase who a customer is, for good.
///
/// Invoices that were issued to them stay readable, since the law asks to keep them; nothing else can be asked of the customer any more.
#[utoipa::path(
    post,
    path = "/api/v1/billing-customers/{id}/erase",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The customer"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(EraseCustomer::NAME)), ("x-roles" = json!(EraseCustomer::ROLES)))
)]
async fn erase_customer(
    caller: Caller<EraseCustomer>,
    State(app): State<CommandApi>,
    Path(id): Path<CustomerId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(CUSTOMERS, erase(&app, &context, id).await?))
}
