//! Bodies of what is said of a tenant's provider.

use std::collections::BTreeSet;
use std::fmt;

use domain::Text;
use domain::identity::Role;
use domain::identity::provider::{IssuerUrl, MailDomain};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::moment::Moment;

/// What the portal shows to a provider. Printing it shows nothing.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct ClientSecretText(Text<1024>);

/// On whose word users are let in, and on which terms.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderIn {
    /// The provider: its issuer identifier, letter by letter as it publishes it.
    #[schema(value_type = String, format = "uri", max_length = 500, example = "https://login.engines.example")]
    pub issuer: IssuerUrl,
    /// What the portal is called there.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "crm")]
    pub client_id: Text<255>,
    /// What the portal shows there. It is told to nobody else; if it is left out, the present one stays.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "password", max_length = 1024)]
    pub client_secret: Option<ClientSecretText>,
    /// The domains whose addresses come in by it, at most 50; none means any.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, example = json!(["engines.example"]))]
    pub email_domains: BTreeSet<MailDomain>,
    /// The role of those who come in without having an account; without one, only who has an account comes in. It asks for
    /// `email_domains`, and is not admin.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "viewer")]
    pub newcomers: Option<Role>,
    /// Whether passwords let in beside it.
    #[serde(default = "yes")]
    pub passwords: bool,
    /// What the provider tells, as `acr` or in `amr`, of whoever has shown more than one factor, such as `mfa` (RFC 8176). Whoever
    /// it tells so of is not asked for the second factor of the portal. At most 20; none means that everybody is.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, example = json!(["mfa"]))]
    pub second_factor_values: BTreeSet<Text<100>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to tell the provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderConfigured {
    /// Where it has to send browsers back to.
    pub redirect_uri: String,
}

/// What is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderRemoved {
    /// The provider.
    pub id: Uuid,
}

impl ClientSecretText {
    /// The secret, for those who really need to see it.
    pub fn reveal(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for ClientSecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecretText(…)")
    }
}

fn yes() -> bool {
    true
}
