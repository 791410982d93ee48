//! Commands of identity: the accounts of users, their sessions, and the roles and teams of a tenant.

mod aggregates;
pub mod api_key;
pub mod custom_role;
pub mod email;
pub mod invitation;
mod issuer;
mod mails;
pub mod password;
pub mod password_reset;
pub mod permission;
pub mod policy;
mod refusal;
pub mod second_factor;
pub mod session;
pub mod sign_up;
pub mod team;
pub mod tenant;
pub mod user;

use domain::{EmailAddress, TenantId, UserId};
use utoipa_axum::router::OpenApiRouter;

pub use issuer::Issuer;
pub use mails::{LinkIn, NewPasswordIn, PasswordChosen, Post, Posted, Postman};
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
    user::router()
        .merge(custom_role::router())
        .merge(team::router())
        .merge(session::router())
        .merge(password::router())
        .merge(password_reset::router())
        .merge(invitation::router())
        .merge(email::router())
        .merge(sign_up::router())
        .merge(second_factor::router())
        .merge(api_key::router())
        .merge(policy::router())
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
