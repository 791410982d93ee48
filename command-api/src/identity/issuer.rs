//! What signs users in: their secrets, and the key that tokens are signed with.

use std::sync::Arc;

use access::{Guesses, Hasher, LeakedPasswords, Rates, SharedLimits, SignInRules, Throttle, Vault};
use edge::{SigningKey, TokenSettings};

use super::session::{REFRESHES, RefreshLimits};
use super::{Federation, Post, Refusal};

/// Keeps passwords, and signs users in. Clones share everything.
#[derive(Clone)]
pub struct Issuer(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    vault: Vault,
    hasher: Hasher,
    guesses: Guesses,
    refreshes: Rates,
    refresh_limits: RefreshLimits,
    signer: Option<Signer>,
    post: Option<Post>,
    federation: Option<Federation>,
    leaked_passwords: Option<LeakedPasswords>,
    rules: SignInRules,
}

/// What access tokens are signed with.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    pub(crate) settings: TokenSettings,
}

impl Issuer {
    /// Keeps passwords in `vault`. It signs nobody in.
    pub fn new(vault: Vault, hasher: Hasher) -> Self {
        let guesses = Guesses::new("guess", Throttle::default());
        let refreshes = Rates::new("refresh", REFRESHES);
        let refresh_limits = RefreshLimits::default();
        Self(Arc::new(Parts {
            vault,
            hasher,
            guesses,
            refreshes,
            refresh_limits,
            signer: None,
            post: None,
            federation: None,
            leaked_passwords: None,
            rules: SignInRules::default(),
        }))
    }

    /// The same, which signs users in, by tokens of this key.
    #[must_use]
    pub fn with_key(self, key: SigningKey, settings: TokenSettings) -> Self {
        let signer = Some(Signer { key, settings });
        Self(Arc::new(Parts { signer, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, with other limits on guesses.
    #[must_use]
    pub fn with_throttle(self, throttle: Throttle) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.guesses = parts.guesses.with_throttle(throttle);
        Self(Arc::new(parts))
    }

    /// The same, with other limits on refreshes.
    #[must_use]
    pub fn with_refresh_limits(self, refresh_limits: RefreshLimits) -> Self {
        Self(Arc::new(Parts { refresh_limits, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, which counts together with other processes. What sends mails and what asks providers have to be there
    /// by then.
    #[must_use]
    pub fn with_shared_limits(self, shared: &SharedLimits) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.guesses = parts.guesses.shared_by(shared.clone());
        parts.refreshes = parts.refreshes.shared_by(shared.clone());
        parts.post = parts.post.map(|post| post.with_shared_limits(shared));
        parts.federation = parts.federation.map(|federation| federation.with_shared_limits(shared));
        Self(Arc::new(parts))
    }

    /// The same, which has mails sent.
    #[must_use]
    pub fn with_post(self, post: Post) -> Self {
        Self(Arc::new(Parts { post: Some(post), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, which lets users in on the word of providers.
    #[must_use]
    pub fn with_federation(self, federation: Federation) -> Self {
        Self(Arc::new(Parts { federation: Some(federation), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, which takes no password that leaked.
    #[must_use]
    pub fn with_leaked_passwords(self, leaked: LeakedPasswords) -> Self {
        Self(Arc::new(Parts { leaked_passwords: Some(leaked), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same, by other rules.
    #[must_use]
    pub fn with_rules(self, rules: SignInRules) -> Self {
        Self(Arc::new(Parts { rules, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// What is asked of whoever signs in, whatever their tenant asks.
    pub fn rules(&self) -> SignInRules {
        self.0.rules
    }

    /// Where it is asked whether a password leaked, if anywhere.
    pub fn leaked_passwords(&self) -> Option<&LeakedPasswords> {
        self.0.leaked_passwords.as_ref()
    }

    pub(crate) fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }

    pub(crate) fn refreshes(&self) -> (&Rates, RefreshLimits) {
        (&self.0.refreshes, self.0.refresh_limits)
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    pub(crate) fn signer(&self) -> Result<&Signer, Refusal> {
        self.0.signer.as_ref().ok_or(Refusal::Off)
    }

    pub(crate) fn federation(&self) -> Result<&Federation, Refusal> {
        self.0.federation.as_ref().ok_or(Refusal::FederationOff)
    }

    pub(crate) fn post(&self) -> Result<&Post, Refusal> {
        self.0.post.as_ref().ok_or(Refusal::NoMail)
    }
}
