//! Commands of identity: the accounts of users, and their sessions.

mod aggregates;
pub mod api_key;
mod issuer;
pub mod password;
pub mod permission;
pub mod policy;
mod refusal;
pub mod second_factor;
pub mod session;
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
/// What routes name as their permission that ask for no token.
pub const PUBLIC: &str = "public";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    user::router()
        .merge(session::router())
        .merge(password::router())
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
