//! What every command needs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use edge::{ApiKeys, Directory, EdgeState, Identity, Origins, Revocations, TokenKeys, Trail};
use event_store::EventStore;

use crate::identity::{Issuer, Refusal};
use crate::line::Lines;
use crate::moment;
use crate::rates::CommandRates;

/// The state of the API. Clones share one store, with its appender and its cache, and the lines in which
/// commands wait for each other.
#[derive(Clone)]
pub struct CommandApi(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    store: EventStore,
    keys: TokenKeys,
    clock: fn() -> DateTime<Utc>,
    lines: Lines,
    issuer: Option<Issuer>,
    revocations: Option<Revocations>,
    directory: Option<Directory>,
    origins: Origins,
    api_keys: Option<Arc<dyn ApiKeys>>,
    permissions: Arc<BTreeSet<String>>,
    proxies: usize,
    trail: Option<Trail>,
    rates: Option<CommandRates>,
}

impl CommandApi {
    /// An API that appends to `store`, takes the tokens that `keys` verify, and goes by the system's clock. It signs nobody
    /// in, and takes tokens until they expire.
    pub fn new(store: EventStore, keys: TokenKeys) -> Self {
        Self(Arc::new(Parts {
            store,
            keys,
            clock: Utc::now,
            lines: Lines::new(),
            issuer: None,
            revocations: None,
            directory: None,
            origins: Origins::default(),
            api_keys: None,
            permissions: Arc::default(),
            proxies: 0,
            trail: None,
            rates: None,
        }))
    }

    /// The same API by another clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> DateTime<Utc>) -> Self {
        Self(Arc::new(Parts { clock, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which signs users in.
    #[must_use]
    pub fn with_issuer(self, issuer: Issuer) -> Self {
        Self(Arc::new(Parts { issuer: Some(issuer), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which refuses tokens that have ended before their time.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self(Arc::new(Parts { revocations: Some(revocations), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which knows what the roles give that tenants have defined.
    #[must_use]
    pub fn with_directory(self, directory: Directory) -> Self {
        Self(Arc::new(Parts { directory: Some(directory), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which lets pages of these origins act for whoever is signed in by cookie.
    #[must_use]
    pub fn with_origins(self, origins: Origins) -> Self {
        Self(Arc::new(Parts { origins, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which takes keys of users and issues them for these permissions, be they of this API or of others.
    #[must_use]
    pub fn with_api_keys(self, api_keys: Arc<dyn ApiKeys>, permissions: BTreeSet<String>) -> Self {
        let (api_keys, permissions) = (Some(api_keys), Arc::new(permissions));
        Self(Arc::new(Parts { api_keys, permissions, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API behind so many proxies of ours, each of which adds to `X-Forwarded-For`.
    #[must_use]
    pub fn with_proxies(self, proxies: usize) -> Self {
        Self(Arc::new(Parts { proxies, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which changes rights only once it is recorded from where.
    #[must_use]
    pub fn with_trail(self, trail: Trail) -> Self {
        Self(Arc::new(Parts { trail: Some(trail), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same API, which lets users and tenants give so many commands.
    #[must_use]
    pub fn with_rates(self, rates: CommandRates) -> Self {
        Self(Arc::new(Parts { rates: Some(rates), ..Arc::unwrap_or_clone(self.0) }))
    }

    pub(crate) fn issuer(&self) -> Result<&Issuer, Refusal> {
        self.0.issuer.as_ref().ok_or(Refusal::Off)
    }

    /// The log.
    pub fn store(&self) -> &EventStore {
        &self.0.store
    }

    /// The permissions that keys may be issued for.
    pub(crate) fn permissions(&self) -> &BTreeSet<String> {
        &self.0.permissions
    }

    pub(crate) fn lines(&self) -> &Lines {
        &self.0.lines
    }

    /// The present, in whole microseconds. The domain has no clock; this one serves it.
    pub fn now(&self) -> DateTime<Utc> {
        moment::whole_microseconds((self.0.clock)())
    }
}

impl EdgeState for CommandApi {
    fn token_keys(&self) -> &TokenKeys {
        &self.0.keys
    }

    fn revocations(&self) -> Option<&Revocations> {
        self.0.revocations.as_ref()
    }

    fn directory(&self) -> Option<&Directory> {
        self.0.directory.as_ref()
    }

    fn api_keys(&self) -> Option<&dyn ApiKeys> {
        self.0.api_keys.as_deref()
    }

    fn origins(&self) -> &Origins {
        &self.0.origins
    }

    fn trail(&self) -> Option<&Trail> {
        self.0.trail.as_ref()
    }

    fn admit(&self, identity: &Identity) -> Result<(), Duration> {
        self.0.rates.as_ref().map_or(Ok(()), |rates| rates.admit(identity))
    }

    fn proxies(&self) -> usize {
        self.0.proxies
    }
}
