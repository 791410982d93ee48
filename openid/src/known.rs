//! What providers publish of themselves, remembered for a while.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::Url;
use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, JsonWebKeySet, ProviderMetadata, RedirectUrl,
};
use serde::{Deserialize, Serialize};

use crate::web::{AskError, Web, origin};
use crate::{Client, ProviderError};

/// How long what a provider publishes is taken for true.
const KNOWN: Duration = Duration::from_secs(60 * 60);
/// How long its keys are, if it signs with one that is not among them.
const KEYS: Duration = Duration::from_secs(60);
/// Providers that are remembered.
const CAPACITY: u64 = 1_000;

/// Providers, and the way to ask them. Clones share what they know.
#[derive(Clone)]
pub struct Providers {
    pub(crate) web: Web,
    known: Cache<String, Arc<Known>>,
}

/// What is known of a provider.
pub(crate) struct Known {
    pub metadata: Metadata,
    at: Instant,
}

/// What a provider says of itself beside what OpenID Connect Discovery asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct More {
    /// Whether its answers to browsers tell who it is (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

pub(crate) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The portal at a provider.
pub(crate) type Portal = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Providers {
    /// What stands in a list of origins for all that are public.
    pub const PUBLIC: &str = "public";

    /// Asks providers at these origins, wherever they are; and at any public address, if [`Providers::PUBLIC`] is among them.
    ///
    /// # Errors
    /// One is none; or there is no TLS.
    pub fn new<'o>(
        origins: impl IntoIterator<Item = &'o str>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Self::trusting(origins, None)
    }

    /// The same, of which those at these origins may also have certificates of these authorities, in PEM; those that are public may not.
    ///
    /// # Errors
    /// As [`Providers::new`]; or an authority is none.
    pub fn trusting<'o>(
        origins: impl IntoIterator<Item = &'o str>,
        authority: Option<&[u8]>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let (mut asks_public, mut named) = (false, BTreeSet::new());
        for text in origins {
            if text == Self::PUBLIC {
                asks_public = true;
            } else {
                named.insert(origin(text)?);
            }
        }
        let known = Cache::builder().max_capacity(CAPACITY).time_to_live(KNOWN).build();
        Ok(Self { web: Web::new(named, asks_public, authority)?, known })
    }

    /// Makes sure that a provider of this name may be asked, as far as its name tells.
    ///
    /// # Errors
    /// [`ProviderError::Unfit`]
    pub fn check(&self, issuer: &str) -> Result<(), ProviderError> {
        let url = Url::parse(issuer).map_err(|_| AskError::Malformed)?;
        Ok(self.web.check(&url)?)
    }

    /// What a provider publishes of itself.
    pub(crate) async fn known(&self, issuer: &str) -> Result<Arc<Known>, ProviderError> {
        if let Some(known) = self.known.get(issuer) {
            return Ok(known);
        }
        self.check(issuer)?;
        let name = IssuerUrl::new(issuer.to_owned()).map_err(|_| AskError::Malformed)?;
        let metadata = Metadata::discover_async(name, &self.web).await?;
        // Browsers are sent there.
        self.web.check(metadata.authorization_endpoint().url())?;
        Ok(self.keep(issuer, metadata))
    }

    /// The same with the keys of now, if those that are known are not brand-new.
    pub(crate) async fn with_new_keys(
        &self,
        issuer: &str,
        known: &Known,
    ) -> Result<Option<Arc<Known>>, ProviderError> {
        if known.at.elapsed() < KEYS {
            return Ok(None);
        }
        let keys = JsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &self.web).await?;
        Ok(Some(self.keep(issuer, known.metadata.clone().set_jwks(keys))))
    }

    fn keep(&self, issuer: &str, metadata: Metadata) -> Arc<Known> {
        let known = Arc::new(Known { metadata, at: Instant::now() });
        self.known.insert(issuer.to_owned(), Arc::clone(&known));
        known
    }
}

impl Known {
    /// The portal at this provider.
    pub fn portal(&self, client: &Client) -> Result<Portal, ProviderError> {
        let redirect = RedirectUrl::new(client.redirect_uri.clone());
        let redirect = redirect.map_err(|_| ProviderError::Unfit("there is nowhere to come back to"))?;
        let id = ClientId::new(client.client_id.clone());
        let secret = ClientSecret::new(client.client_secret.clone());
        let portal = CoreClient::from_provider_metadata(self.metadata.clone(), id, Some(secret));
        Ok(portal.set_redirect_uri(redirect).set_auth_type(self.auth_type()))
    }

    /// How it wants to see the secret: in a header unless it takes it in the body only.
    fn auth_type(&self) -> AuthType {
        let ways = self.metadata.token_endpoint_auth_methods_supported();
        let takes = |way: &CoreClientAuthMethod| ways.is_some_and(|ways| ways.contains(way));
        let by_body = takes(&CoreClientAuthMethod::ClientSecretPost)
            && !takes(&CoreClientAuthMethod::ClientSecretBasic);
        if by_body { AuthType::RequestBody } else { AuthType::BasicAuth }
    }
}
