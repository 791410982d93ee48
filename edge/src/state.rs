//! What the extractors of this crate need from the state of a router.

use std::time::Duration;

use crate::{ApiKeys, Directory, Identity, Origins, Revocations, TokenKeys, Trail};

/// The state of an API: the one bound that [`crate::Identity`] and [`crate::Permit`] ask for.
pub trait EdgeState: Clone + Send + Sync + 'static {
    /// The keys that tokens are checked with.
    fn token_keys(&self) -> &TokenKeys;

    /// What has ended tokens before their time. Without it, each is good until it expires.
    fn revocations(&self) -> Option<&Revocations> {
        None
    }

    /// What the custom roles are that tokens name. Without it, they give nothing.
    fn directory(&self) -> Option<&Directory> {
        None
    }

    /// What knows the keys of users. Without it, there are none.
    fn api_keys(&self) -> Option<&dyn ApiKeys> {
        None
    }

    /// The origins, beside the own one, whose pages may act for whoever is signed in by cookie.
    fn origins(&self) -> &Origins {
        Origins::NONE
    }

    /// What records from where rights are changed. Without it, nothing does.
    fn trail(&self) -> Option<&Trail> {
        None
    }

    /// Counts a command of somebody. Without limits, there may be any number.
    ///
    /// # Errors
    /// How long they have to wait.
    fn admit(&self, identity: &Identity) -> Result<(), Duration> {
        let _anybody = identity;
        Ok(())
    }

    /// How many proxies of ours stand before this service, each of which adds to `X-Forwarded-For`.
    fn proxies(&self) -> usize {
        0
    }
}

/// Enough of a state for tests and for services that keep nothing else.
impl EdgeState for std::sync::Arc<TokenKeys> {
    fn token_keys(&self) -> &TokenKeys {
        self
    }
}
