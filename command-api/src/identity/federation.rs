//! What asks providers who somebody is, and where they send browsers back to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use access::Throttle;
use access::throttle::{Caller, Limits};
use domain::TenantId;
use openid::Providers;
use sha2::{Digest as _, Sha256};

use super::Refusal;

/// Sign-ins that may be begun and not finished: of one tenant from one address, from one address, and of one tenant.
const LIMITS: Limits = Limits { free: 20, longest: Duration::from_secs(60), address: 60, account: 600 };

/// Asks providers, in the name of the portal. Clones share everything.
#[derive(Clone)]
pub struct Federation(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    providers: Providers,
    public_url: String,
    throttle: Throttle,
}

impl Federation {
    /// Providers send browsers back to pages below `public_url`.
    pub fn new(providers: Providers, public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self(Arc::new(Parts { providers, public_url, throttle: Throttle::new(LIMITS) }))
    }

    /// The same, with other limits.
    #[must_use]
    pub fn with_throttle(self, throttle: Throttle) -> Self {
        Self(Arc::new(Parts { throttle, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Where the provider of a tenant sends browsers back to. Each tenant has a place of its own, so what is meant for one is of no
    /// use at another.
    pub fn redirect_uri(&self, tenant: TenantId) -> String {
        format!("{}/sign-in/oidc/{tenant}", self.0.public_url)
    }

    pub(super) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Counts a sign-in that somebody begins, who need not be who they say.
    ///
    /// # Errors
    /// [`Refusal::Throttled`]
    pub(super) fn admit(&self, tenant: TenantId, address: IpAddr) -> Result<(), Refusal> {
        let caller = self.0.throttle.guess(&account(tenant), address, Instant::now());
        caller.map(|_| ()).map_err(Refusal::Throttled)
    }

    /// Somebody came in: what was begun from the same address does not count.
    pub(super) fn right(&self, tenant: TenantId, address: IpAddr) {
        self.0.throttle.right(&account(tenant), address, Caller::Unknown);
    }
}

fn account(tenant: TenantId) -> [u8; 32] {
    Sha256::digest(format!("{tenant} provider")).into()
}
