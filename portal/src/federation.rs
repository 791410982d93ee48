//! Which OpenID providers may be asked.

use anyhow::anyhow;
use clap::Args;
use command_api::identity::Federation;
use openid::Providers;

use crate::tls::Authority;

/// Which OpenID providers may be asked.
#[derive(Args, Clone, Debug)]
pub struct ProviderArgs {
    /// The origins of OpenID providers that tenants may have, also in a private network, or on this machine by http; several separated
    /// by commas. With `public` among them, any at a public address; without any, none
    #[arg(
        long = "oidc-origins",
        env = "CRM_OIDC_ORIGINS",
        global = true,
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub oidc_origins: Vec<String>,
}

impl ProviderArgs {
    /// What asks providers, which send browsers back to pages below `public_url`.
    pub fn federation(&self, public_url: &str, authority: Option<&Authority>) -> anyhow::Result<Federation> {
        let origins = self.oidc_origins.iter().map(String::as_str);
        let providers = Providers::trusting(origins, authority.map(Authority::pem));
        let providers = providers.map_err(|error| anyhow!("CRM_OIDC_ORIGINS: {error}"))?;
        Ok(Federation::new(providers, public_url))
    }
}
