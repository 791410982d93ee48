//! What every handler is given.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use edge::{ApiKeys, Directory, EdgeState, Revocations, TokenKeys, Trail};
use event_store::{SessionPool, Upcasters};
use projections::Positions;
use tokio::sync::Semaphore;

use crate::cache::AnswerCache;
use crate::metrics::Answers;
use crate::places::Places;
use crate::tenant::TenantReads;

/// Exports that may be under way at a time, unless something else is said: a third of the connections of a process, so
/// that reads have the others, and no more memory than their portions take.
const EXPORTS: usize = 8;

/// Tells the time.
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The state of the query API. Clones share everything.
#[derive(Clone)]
pub struct QueryApi(pub(crate) Arc<Parts>);

#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) reads: TenantReads,
    pub(crate) positions: Positions,
    pub(crate) upcasters: Upcasters,
    pub(crate) cache: AnswerCache,
    pub(crate) answers: Answers,
    /// One place for each export under way.
    pub(crate) exports: Arc<Semaphore>,
    clock: Clock,
    keys: TokenKeys,
    revocations: Option<Revocations>,
    directory: Option<Directory>,
    api_keys: Option<Arc<dyn ApiKeys>>,
    trail: Option<Trail>,
}

impl QueryApi {
    /// Reads by `sessions` of [`event_store::Duty::Reader`], each of which is used only inside the transaction of one tenant;
    /// waits by `positions`; checks tokens with `keys`; reads old events by `upcasters`.
    pub fn new(sessions: SessionPool, positions: Positions, keys: TokenKeys, upcasters: Upcasters) -> Self {
        Self(Arc::new(Parts {
            reads: TenantReads::new(sessions),
            positions,
            upcasters,
            cache: AnswerCache::new(),
            answers: Answers::new(),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            clock: Arc::new(Utc::now),
            keys,
            revocations: None,
            directory: None,
            api_keys: None,
            trail: None,
        }))
    }

    /// Refuses tokens that have ended before their time; without it, each is good until it expires.
    #[must_use]
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self(Arc::new(Parts { revocations: Some(revocations), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Knows what the roles give that tenants have defined; without it, they give nothing.
    #[must_use]
    pub fn with_directory(self, directory: Directory) -> Self {
        Self(Arc::new(Parts { directory: Some(directory), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Takes keys of users, too.
    #[must_use]
    pub fn with_api_keys(self, api_keys: Arc<dyn ApiKeys>) -> Self {
        Self(Arc::new(Parts { api_keys: Some(api_keys), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Records exports; without it, there are none.
    #[must_use]
    pub fn with_trail(self, trail: Trail) -> Self {
        Self(Arc::new(Parts { trail: Some(trail), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Takes the time that answers depend on, such as days in a stage, from another clock than that of the machine.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Parts { clock: Arc::new(clock), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Lets another number of exports be under way at a time. Those beyond are told to come again.
    #[must_use]
    pub fn with_exports(self, most: usize) -> Self {
        Self(Arc::new(Parts { exports: Arc::new(Semaphore::new(most)), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Lets a tenant have so many reads under way at a time, so that others have the rest of the sessions. Those beyond wait up to
    /// `patience`, and then are told to come again.
    #[must_use]
    pub fn with_reads_of_a_tenant(self, most: usize, patience: Duration) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        parts.reads = parts.reads.with_places(Places::new(most).with_patience(patience));
        Self(Arc::new(parts))
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.0.clock)()
    }
}

impl EdgeState for QueryApi {
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

    fn trail(&self) -> Option<&Trail> {
        self.0.trail.as_ref()
    }
}
