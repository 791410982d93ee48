//! `/api/v1/invoice-series`: commands on series of numbers.

mod body;
mod commands;

use axum::extract::State;
use domain::SeriesId;
use edge::{Answer, Path, Permission, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::SERIES;
use super::permission::SetUpBilling;
use crate::CommandApi;
use crate::answer::{Changed, Changes, Creates, answer};
use crate::caller::{Caller, ChangeHeaders, CreateHeaders};
use crate::moment::OccurredIn;
use crate::sent::Sent;
pub use body::SeriesIn;
pub use commands::{close, open};

type Answered = Result<Answer<Changed>, Problem>;

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().routes(routes!(open_series)).routes(routes!(close_series))
}

/// Begin a series of numbers. They have no gaps: a number is drawn in one append with the invoice that it is of.
#[utoipa::path(
    post,
    path = "/api/v1/invoice-series",
    tag = "Billing",
    params(CreateHeaders),
    request_body = SeriesIn,
    responses(Creates),
    extensions(("x-permission" = json!(SetUpBilling::NAME)), ("x-roles" = json!(SetUpBilling::ROLES)))
)]
async fn open_series(
    caller: Caller<SetUpBilling>,
    State(app): State<CommandApi>,
    sent: Sent<SeriesIn>,
) -> Answered {
    let context = caller.context(&sent, sent.body.occurred_at);
    let id = SeriesId::from_uuid(Uuid::now_v7());
    Ok(answer(SERIES, open(&app, &context, id, sent.body).await?))
}

/// Give out no more numbers of a series, for good.
#[utoipa::path(
    post,
    path = "/api/v1/invoice-series/{id}/close",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The series"), ChangeHeaders),
    request_body = Option<OccurredIn>,
    responses(Changes),
    extensions(("x-permission" = json!(SetUpBilling::NAME)), ("x-roles" = json!(SetUpBilling::ROLES)))
)]
async fn close_series(
    caller: Caller<SetUpBilling>,
    State(app): State<CommandApi>,
    Path(id): Path<SeriesId>,
    sent: Option<Sent<OccurredIn>>,
) -> Answered {
    let sent = sent.unwrap_or_default();
    let context = caller.context(&sent, sent.body.occurred_at);
    Ok(answer(SERIES, close(&app, &context, id).await?))
}
