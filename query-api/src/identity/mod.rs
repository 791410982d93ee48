//! Identity: the users of a tenant, its roles and its teams.

mod custom_role_list;
mod rights;
mod team_list;
mod user_list;

use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use custom_role_list::CustomRole;
pub use rights::{PermissionReason, RoleReason, UserRights};
pub use team_list::Team;
pub use user_list::User;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    let lists = user_list::router().merge(custom_role_list::router()).merge(team_list::router());
    lists.merge(rights::router())
}
