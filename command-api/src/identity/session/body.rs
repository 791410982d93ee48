//! Bodies of signing in.

use access::password::Guess;
use chrono::{DateTime, Utc};
use domain::{EmailAddress, Personal, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Who wants in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInIn {
    /// The tenant.
    #[schema(value_type = Uuid)]
    pub tenant_id: TenantId,
    /// The address of the user, in whatever case.
    #[schema(value_type = String, format = "email", max_length = 254, example = "grace@engines.example")]
    pub email: Personal<EmailAddress>,
    /// The password.
    #[schema(value_type = String, format = "password")]
    pub password: Guess,
}

/// What a client got when it signed in or refreshed last.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// The refresh token.
    #[schema(max_length = 200)]
    pub refresh_token: String,
}

/// The tokens of somebody who is signed in.
#[derive(Clone, Serialize, ToSchema)]
pub struct SessionTokens {
    /// The session: what `DELETE /api/v1/sessions/{id}` ends.
    pub session_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// For the header `Authorization: Bearer …`.
    pub access_token: String,
    /// `Bearer` (RFC 6750).
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which the access token is valid.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// Brings the next access token, once.
    pub refresh_token: String,
    /// When the session is over, however often it is refreshed.
    pub session_expires_at: DateTime<Utc>,
    /// Whether this repeats the answer to an earlier request.
    pub replayed: bool,
    /// Where the session is in the log.
    #[serde(skip)]
    pub(crate) position: i64,
}

/// Who is signed out, and of what.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedOut {
    /// The user.
    pub user_id: Uuid,
    /// The session; null if all of them are over.
    pub session_id: Option<Uuid>,
}
