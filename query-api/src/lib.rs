//! HTTP reads of the read models and of the log.
//!
//! Job: answer what screens, reports and auditors ask, each within one tenant and from one snapshot.
//! Used by: the `crm` binary, which serves it beside the command API.
//! Never here: commands, aggregates and their rules, writes of any kind.

mod answering;
pub mod app;
mod as_of;
pub mod audit;
pub mod billing;
mod cache;
mod failure;
pub mod identity;
mod list;
pub mod metrics;
pub mod permission;
mod places;
pub mod reporting;
mod row;
pub mod sales;
mod single;
mod tenant;
mod wait;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use app::QueryApi;
pub use list::Listed;
#[cfg(feature = "fuzzing")]
pub use list::fuzzing;
pub use tenant::SCOPED_READER;

fn routes() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .merge(sales::router())
        .merge(billing::router())
        .merge(identity::router())
        .merge(reporting::router())
        .merge(audit::router())
}

/// Every route of the reads, without the layers of [`edge::finish`]: the binary adds those once for all services.
pub fn router(app: QueryApi) -> Router {
    routes().with_state(app).split_for_parts().0
}

/// What the routes gathered about themselves, not completed yet by [`edge::OpenApiExt`]. Each operation names its
/// permission and the roles that have it, as `x-permission` and `x-roles`.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}
