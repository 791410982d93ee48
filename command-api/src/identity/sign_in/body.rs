//! Bodies of signing in on the word of a provider.

use access::password::Guess;
use domain::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::identity::session::Transport;

/// Whose provider is asked.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBeginIn {
    /// The tenant.
    #[schema(value_type = Uuid)]
    pub tenant_id: TenantId,
}

/// Where a browser goes to be asked who it is.
#[derive(Clone, Serialize, ToSchema)]
pub struct SignInBegun {
    /// The page of the provider.
    #[schema(format = "uri")]
    pub authorization_url: String,
    /// Seconds until the sign-in is over.
    #[schema(example = 600)]
    pub expires_in: u64,
}

/// What a provider sent along with a browser, and what comes of it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderAnswerIn {
    /// The tenant to whose page the browser was sent back.
    #[schema(value_type = Uuid)]
    pub tenant_id: TenantId,
    /// The `state` of the page's address.
    #[schema(max_length = 200)]
    pub state: String,
    /// The `code` of the page's address.
    #[schema(max_length = 4096)]
    pub code: String,
    /// The `iss` of the page's address, if it has one.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub iss: Option<String>,
    /// A code of the second factor, if the user is asked for one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub second_factor_code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
    /// How the tokens go to and fro.
    #[serde(default)]
    pub transport: Transport,
}

/// What a provider sent along with the browser of somebody who is signed in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderStepUpIn {
    /// The `state` of the page's address.
    #[schema(max_length = 200)]
    pub state: String,
    /// The `code` of the page's address.
    #[schema(max_length = 4096)]
    pub code: String,
    /// The `iss` of the page's address, if it has one.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub iss: Option<String>,
    /// A code of the second factor, if the user is asked for one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub second_factor_code: Option<Guess>,
    /// A recovery code in its place.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password")]
    pub recovery_code: Option<Guess>,
}
