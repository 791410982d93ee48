//! HTTP in, commands out: every change of the CRM enters here.
//!
//! Job: turn requests into commands, let the aggregates decide, append the events, and answer with version and position.
//! Used by: the binary, which serves [`router`], and its importer, which calls the functions of [`sales`] in process.
//! Never here: reads for screens, rules of the business (those decide in the domain), SQL.

pub mod accepted;
pub mod answer;
pub mod app;
pub mod billing;
pub mod caller;
pub mod context;
pub mod decide;
pub mod dispatch;
pub mod error;
pub mod identity;
mod line;
pub mod metrics;
pub mod moment;
mod patch;
pub mod rates;
pub mod sales;
pub mod sent;
mod together;
pub mod unit;

pub use accepted::Accepted;
pub use app::CommandApi;
pub use context::{Context, Idempotent};
pub use dispatch::dispatch;
pub use error::CommandError;

use axum::Router;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Every route of the commands, without the layers of [`edge::finish`]: the binary adds those once for all services.
pub fn router(app: CommandApi) -> Router {
    let (router, _) = routes().split_for_parts();
    router.with_state(app)
}

/// What the routes gathered about themselves, not completed yet by [`edge::OpenApiExt`]. Each operation names its
/// permission and the roles that have it, as `x-permission` and `x-roles`.
pub fn openapi() -> OpenApi {
    let (_, document) = routes().split_for_parts();
    document
}

fn routes() -> OpenApiRouter<CommandApi> {
    let mut schemas = answer::Schemas::openapi();
    schemas.merge(billing::schemas());
    OpenApiRouter::with_openapi(schemas)
        .merge(sales::router())
        .merge(billing::router())
        .merge(identity::router())
}
