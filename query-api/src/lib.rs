//! HTTP reads of the read models and of the log.
//!
//! Job: answer what screens, reports and auditors ask, each within one tenant and from one snapshot.
//! Used by: the `crm` binary, which serves it beside the command API.
//! Never here: commands, aggregates and their rules, writes of any kind.

pub mod app;
mod as_of;
pub mod audit;
mod failure;
mod list;
pub mod permission;
pub mod reporting;
pub mod sales;
mod single;
mod tenant;
mod wait;

use axum::Router;
use edge::OpenApiExt;
use utoipa::openapi::{Info, OpenApi};
use utoipa_axum::router::OpenApiRouter;

pub use app::QueryApi;
pub use list::Listed;

fn routes() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().merge(sales::router()).merge(reporting::router()).merge(audit::router())
}

/// All routes, below `/api/v1`. Merge it with others and pass the whole through [`edge::finish`].
pub fn router(app: QueryApi) -> Router {
    routes().with_state(app).split_for_parts().0
}

/// What there is to know about these routes. Each operation names, as the scope of its security, the permission that
/// it asks for.
pub fn openapi() -> OpenApi {
    let mut document = routes().into_openapi();
    document.info = Info::new("CRM queries", env!("CARGO_PKG_VERSION"));
    document.completed()
}
