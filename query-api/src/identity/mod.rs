//! Identity: the users of a tenant.

mod user_list;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use user_list::User;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    user_list::router()
}
