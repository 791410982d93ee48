//! What asks providers who somebody is, and where they send browsers back to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use access::limits::Admitted;
use access::throttle::Limits;
use access::{Guesses, SharedLimits, Throttle};
use domain::TenantId;
use openid::Providers;
use sha2::{Digest as _, Sha256};

use super::Refusal;

/// Sign-ins that may be begun, or ended in vain: of one tenant from one address, from one address, and of one tenant.
const LIMITS: Limits = Limits { free: 60, longest: Duration::from_secs(60), address: 120, account: 600 };

/// Asks providers, in the name of the portal. Clones share everything.
#[derive(Clone)]
pub struct Federation(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    providers: Providers,
    public_url: String,
    guesses: Guesses,
}

impl Federation {
    /// Providers send browsers back to pages below `public_url`.
    pub fn new(providers: Providers, public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        let guesses = Guesses::new("provider", Throttle::new(LIMITS));
        Self(Arc::new(Parts { providers, public_url, guesses }))
    }

    /// The same, which counts together with other processes.
    #[must_use]
    pub fn with_shared_limits(self, shared: &SharedLimits) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.guesses = parts.guesses.shared_by(shared.clone());
        Self(Arc::new(parts))
    }

    /// Where the provider of a tenant sends browsers back to. Each tenant has a place of its own, so what is meant for one is of no
    /// use at another.
    pub fn redirect_uri(&self, tenant: TenantId) -> String {
        format!("{}/sign-in/oidc/{tenant}", self.0.public_url)
    }

    pub(super) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Counts a sign-in that somebody begins or ends, who need not be who they say.
    ///
    /// # Errors
    /// [`Refusal::Throttled`] or [`Refusal::Untold`].
    pub(super) async fn admit(&self, tenant: TenantId, address: IpAddr) -> Result<Admitted, Refusal> {
        let account = Sha256::digest(format!("{tenant} provider")).into();
        Ok(self.0.guesses.guess(account, address).await?)
    }

    /// Somebody came in: what was begun at the tenant from the same address does not count.
    pub(super) fn right(&self, admitted: &Admitted) {
        self.0.guesses.right(admitted);
    }
}
