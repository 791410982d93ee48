//! The log itself, for those who check what was done.

mod events;
mod export;
mod search;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use events::AuditEvent;

/// The routes of the audit.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    events::router()
}
