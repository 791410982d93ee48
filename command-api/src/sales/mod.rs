//! Commands of sales: pipelines, leads, opportunities, and the runs of imports.
//!
//! Each noun has its routes in its own file, which are one-liners over the functions that it exports for callers in
//! process. Withdrawing and imports have no routes.

mod aggregates;
pub mod body;
pub mod import;
pub mod lead;
pub mod opportunity;
pub mod permission;
pub mod pipeline;

use utoipa_axum::router::OpenApiRouter;

use crate::CommandApi;

/// Where leads are.
pub const LEADS: &str = "/api/v1/leads";
/// Where opportunities are.
pub const OPPORTUNITIES: &str = "/api/v1/opportunities";
/// Where pipelines are.
pub const PIPELINES: &str = "/api/v1/pipelines";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new().merge(pipeline::router()).merge(lead::router()).merge(opportunity::router())
}
