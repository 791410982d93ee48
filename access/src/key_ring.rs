//! Tells APIs who acts by a key.
//!
//! What a key is good for hangs on its user, whom only the log knows. So it is looked up there, and remembered until an event says
//! that the user has other rights: that is heard of within a second, as it is for tokens.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;
use domain::identity::user::User;
use domain::{TenantId, UserId};
use edge::{ApiKeys, Bearer, Identity, Problem};
use event_store::read::History;
use event_store::{Upcasters, measured, within_reason};
use futures::future::BoxFuture;
use moka::sync::Cache;
use sqlx::{Executor as _, PgPool};
use uuid::Uuid;

use crate::Vault;
use crate::api_key::ApiKey;
use crate::refresh::Digest;

/// Keys that are remembered, and for how long at most.
const CAPACITY: u64 = 10_000;
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// For how long that its user has no second factor: no event that ends tokens tells when there is one.
const REMEMBERED_TO_LACK: Duration = Duration::from_secs(10);

/// Keys of users. Clones share what they remember.
#[derive(Clone)]
pub struct KeyRing {
    vault: Vault,
    log: PgPool,
    upcasters: Upcasters,
    known: Cache<Digest, Known>,
}

#[derive(Clone)]
struct Known {
    bearer: Bearer,
    expires_at: DateTime<Utc>,
    /// When to look again whether the user has a second factor.
    doubted_at: Option<Instant>,
}

/// Why nobody can tell what a key is good for.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("the database is not available")]
    Unavailable(#[from] sqlx::Error),
    #[error("the history of a user cannot be read")]
    Undecodable(#[source] serde_json::Error),
}

impl KeyRing {
    /// Keys whose digests are in `vault`, of users whom `log` tells of: a pool of [`event_store::Duty::Reader`].
    pub fn new(vault: Vault, log: PgPool, upcasters: Upcasters) -> Self {
        let known = Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBERED).build();
        Self { vault, log, upcasters, known }
    }

    async fn look_up(&self, key: &ApiKey, digest: &Digest) -> Result<Option<Known>, LookError> {
        let Some(user) = self.vault.key_holder(key.tenant, key.id, digest).await? else { return Ok(None) };
        let (state, version) = self.user(key, user).await?;
        let granted = state.key(key.id).filter(|_| state.is_active());
        Ok(granted.map(|granted| {
            let roles = state.roles().iter().copied().collect();
            let identity = Identity::new(user.to_string(), key.tenant, roles)
                .with_custom_roles(state.custom_roles().iter().copied().collect());
            let scopes: BTreeSet<String> = granted.scopes.iter().map(ToString::to_string).collect();
            let bearer = Bearer::by_key(identity, key.id.as_uuid(), version, Arc::new(scopes));
            let (bearer, doubted_at) = match state.second_factor() {
                Some(_) => (bearer, None),
                None => (bearer.without_second_factor(), Some(Instant::now() + REMEMBERED_TO_LACK)),
            };
            Known { bearer, expires_at: granted.expires_at, doubted_at }
        }))
    }

    /// The user as the log has them now, and their version.
    async fn user(&self, key: &ApiKey, user: UserId) -> Result<(User, i64), LookError> {
        let tenant = key.tenant;
        let read = within_reason(async {
            let mut transaction = measured("keys", self.log.begin()).await?;
            // A UUID needs no quoting.
            let sql = format!("set local crm.tenant = '{tenant}'; set local statement_timeout = '10s'");
            transaction.execute(sql.as_str()).await?;
            let mut history = History::of(tenant.as_uuid(), (User::TYPE, user.as_uuid()));
            let (mut state, mut version) = (User::default(), 0);
            let mut folded = Ok(());
            while let Some(events) = history.next(&mut *transaction).await? {
                for event in events {
                    version = event.sequence;
                    folded = folded.and_then(|()| self.upcasters.apply(&mut state, event));
                }
            }
            transaction.commit().await?;
            Ok(folded.map(|()| (state, version)))
        });
        read.await?.map_err(LookError::Undecodable)
    }
}

impl ApiKeys for KeyRing {
    fn bearer<'a>(&'a self, key: &'a str, newest: bool) -> BoxFuture<'a, Result<Option<Bearer>, Problem>> {
        Box::pin(async move {
            let Some(key) = ApiKey::parse(key) else { return Ok(None) };
            let digest = key.digest();
            let is_sure = |known: &Known| known.doubted_at.is_none_or(|at| Instant::now() < at);
            let mut known = self.known.get(&digest).filter(|known| !newest && is_sure(known));
            if known.is_none() {
                known = self.look_up(&key, &digest).await?;
                match &known {
                    Some(known) => self.known.insert(digest, known.clone()),
                    None => self.known.invalidate(&digest),
                }
            }
            Ok(known.filter(|known| known.expires_at > Utc::now()).map(|known| known.bearer))
        })
    }

    fn named(&self, key: &str) -> Option<(TenantId, Uuid)> {
        ApiKey::parse(key).map(|key| (key.tenant, key.id.as_uuid()))
    }
}

impl From<LookError> for Problem {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Unavailable(_) => {
                let detail = "Whether this key is good cannot be told, since the database does not answer.";
                Self::unavailable(Duration::from_secs(1), detail).with_source(error)
            }
            LookError::Undecodable(_) => Self::internal(error),
        }
    }
}
