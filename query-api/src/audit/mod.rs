//! The log itself and the trail, for those who check what was done.

mod events;
mod export;
mod record;
mod search;
mod trail;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use events::AuditEvent;
pub use trail::TrailEntry;

/// The routes of the audit.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    events::router().merge(trail::router())
}
