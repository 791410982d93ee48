//! Identity: the users of a tenant, its roles and teams; where the caller is signed in, and by which keys programs act for them.

mod custom_role_list;
mod key_list;
mod rights;
mod session_list;
mod team_list;
mod user_list;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use custom_role_list::CustomRole;
pub use key_list::{OwnApiKey, OwnApiKeys};
pub use rights::{PermissionReason, RoleReason, UserRights};
pub use session_list::{OwnSession, OwnSessions};
pub use team_list::Team;
pub use user_list::User;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    let lists = user_list::router().merge(custom_role_list::router()).merge(team_list::router());
    lists.merge(rights::router()).merge(session_list::router()).merge(key_list::router())
}
