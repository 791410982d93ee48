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
    /// A code of the second factor, if the user has one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
    /// How the tokens go to and fro.
    #[serde(default)]
    pub transport: Transport,
}

/// How tokens go to and fro.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In bodies, and then in the header `Authorization: Bearer …`.
    #[default]
    Bearer,
    /// In cookies that no script can read, for browsers. Each request that is no GET carries the `csrf_token` in `X-CSRF-Token`.
    Cookie,
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
    /// For the header `Authorization: Bearer …`; absent if it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// `Bearer` (RFC 6750), or `Cookie`.
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which the access token is valid.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// Brings the next access token, once; absent if it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What to send as `X-CSRF-Token` with each request that is no GET, if the tokens are in cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
    /// Whether a second factor is demanded, by the tenant or by whoever runs the portal, and the user has none, or one that is too weak
    /// for the latter: until then, the tokens tell no roles, and are good for what is the user's own. After
    /// `POST /api/v1/second-factor/confirm`, a refresh brings the roles.
    pub second_factor_missing: bool,
    /// Whether the password is a first one that somebody else made: until `PUT /api/v1/password` has brought another, the tokens tell
    /// no roles, and are good for that and for signing out.
    pub password_change_required: bool,
    /// When the session is over, however often it is refreshed.
    pub session_expires_at: DateTime<Utc>,
    /// Whether this repeats the answer to an earlier request.
    pub replayed: bool,
    /// Where the session is in the log.
    #[serde(skip)]
    pub(crate) position: i64,
    /// The tenant.
    #[serde(skip)]
    pub(crate) tenant: TenantId,
}

/// Who is signed out, and of what.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedOut {
    /// The user.
    pub user_id: Uuid,
    /// The session; null if all of them are over.
    pub session_id: Option<Uuid>,
}
