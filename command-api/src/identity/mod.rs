//! Commands of identity: the accounts of users, their sessions, and the roles and teams of a tenant.

mod aggregates;
pub mod custom_role;
mod issuer;
pub mod password;
pub mod permission;
mod refusal;
pub mod session;
pub mod team;
pub mod user;

use domain::{EmailAddress, TenantId, UserId};
use utoipa_axum::router::OpenApiRouter;

pub use issuer::Issuer;
pub use refusal::Refusal;

use crate::CommandApi;

/// Where users are.
pub const USERS: &str = "/api/v1/users";
/// Where sessions are.
pub const SESSIONS: &str = "/api/v1/sessions";
/// Where the roles are that a tenant defines.
pub const ROLES: &str = "/api/v1/roles";
/// Where teams are.
pub const TEAMS: &str = "/api/v1/teams";
/// What routes name as their permission that ask for no token.
pub const PUBLIC: &str = "public";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    let users = user::router().merge(custom_role::router()).merge(team::router());
    users.merge(session::router()).merge(password::router())
}

/// The user of a tenant who has an address.
///
/// # Errors
/// [`Refusal::Off`] if this API keeps no passwords; or the database is not available.
pub async fn find(
    app: &CommandApi,
    tenant: TenantId,
    email: &EmailAddress,
) -> Result<Option<UserId>, Refusal> {
    let account = app.issuer()?.vault().account(tenant, &aggregates::email_scope(email)).await?;
    Ok(account.map(|account| account.user))
}
