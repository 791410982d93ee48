//! `/api/v1/legal-entities`: commands on companies that issue invoices.

mod body;
mod commands;

use axum::extract::State;
use domain::LegalEntityId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::LEGAL_ENTITIES;
use super::permission::SetUpBilling;
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::sent::Sent;
pub use body::{LegalEntityIn, LegalEntityPatch};
pub use commands::{change, register};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(register_legal_entity)).routes(routes!(change_legal_entity))
}

/// Take down a company that issues invoices.
#[utoipa::path(
    post,
    path = "/api/v1/legal-entities",
    tag = "Billing",
    params(CreateHeaders),
    request_body = LegalEntityIn,
    responses(Creates),
    extensions(("x-permission" = json!(SetUpBilling::NAME)), ("x-roles" = json!(SetUpBilling::ROLES)))
)]
async fn register_legal_entity(
    caller: Caller<SetUpBilling>,
    State(app): State<CommandApi>,
    sent: Sent<LegalEntityIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = LegalEntityId::from_uuid(Uuid::now_v7());
    Ok(answer(LEGAL_ENTITIES, register(&app, &context, id, sent.body.into()).await?))
}

/// Change what invoices show of a company. Those that are issued already stay as they are.
#[utoipa::path(
    patch,
    path = "/api/v1/legal-entities/{id}",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The legal entity"), ChangeHeaders),
    request_body = LegalEntityPatch,
    responses(Changes),
    extensions(("x-permission" = json!(SetUpBilling::NAME)), ("x-roles" = json!(SetUpBilling::ROLES)))
)]
async fn change_legal_entity(
    caller: Caller<SetUpBilling>,
    State(app): State<CommandApi>,
    Path(id): Path<LegalEntityId>,
    sent: Sent<LegalEntityPatch>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(LEGAL_ENTITIES, change(&app, &context, id, sent.body).await?))
}
