//! Identity: the users of a tenant, and where the caller is signed in.

mod session_list;
mod user_list;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use session_list::{OwnSession, OwnSessions};
pub use user_list::User;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    user_list::router().merge(session_list::router())
}
