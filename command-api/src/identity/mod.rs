//! Commands of identity: the accounts of users.

mod aggregates;
pub mod permission;
pub mod user;

use utoipa_axum::router::OpenApiRouter;

use crate::CommandApi;

/// Where users are.
pub const USERS: &str = "/api/v1/users";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    user::router()
}
