//! Identity: the users of a tenant, where the caller is signed in, and by which keys programs act for them.

mod key_list;
mod session_list;
mod user_list;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use key_list::{OwnApiKey, OwnApiKeys};
pub use session_list::{OwnSession, OwnSessions};
pub use user_list::User;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    user_list::router().merge(session_list::router()).merge(key_list::router())
}
