//! The custom roles, teams and policies of tenants: kept in memory, forgotten when the log says that they have changed.
//!
//! Whoever tells [`crate::Revocations`] which tokens have ended tells this too, from the same look at the log. So what is kept
//! here is as old as what is known of tokens, and no older.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::identity::Organisation;
use moka::sync::Cache;

use crate::TenantId;

/// Tenants that are kept.
const CAPACITY: u64 = 1_000;

/// An organisation on its way.
pub type Loading<'a> =
    Pin<Box<dyn Future<Output = Result<Organisation, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Where organisations come from.
pub trait Organisations: Send + Sync + 'static {
    /// The custom roles, teams and policy of a tenant, as the log has them now.
    fn load(&self, tenant: TenantId) -> Loading<'_>;
}

/// Organisations by their tenants. Clones share them.
#[derive(Clone)]
pub struct Directory(Arc<Parts>);

struct Parts {
    source: Box<dyn Organisations>,
    kept: Cache<TenantId, Arc<Organisation>>,
    /// Counts what was forgotten.
    changes: AtomicU64,
}

impl Directory {
    /// Nothing is kept yet.
    pub fn new(source: impl Organisations) -> Self {
        Self(Arc::new(Parts {
            source: Box::new(source),
            kept: Cache::new(CAPACITY),
            changes: AtomicU64::new(0),
        }))
    }

    /// The organisation of a tenant has changed.
    pub fn forget(&self, tenant: TenantId) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
        self.0.kept.invalidate(&tenant);
    }

    /// Nothing that was known need be so any more.
    pub fn forget_all(&self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
        self.0.kept.invalidate_all();
    }

    /// The organisation of a tenant.
    pub(crate) async fn of(
        &self,
        tenant: TenantId,
    ) -> Result<Arc<Organisation>, Box<dyn Error + Send + Sync>> {
        if let Some(kept) = self.0.kept.get(&tenant) {
            return Ok(kept);
        }
        let before = self.0.changes.load(Ordering::SeqCst);
        let loaded = Arc::new(self.0.source.load(tenant).await?);
        self.0.kept.insert(tenant, Arc::clone(&loaded));
        // What changes after this is forgotten after this.
        if self.0.changes.load(Ordering::SeqCst) != before {
            self.0.kept.invalidate(&tenant);
        }
        Ok(loaded)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("kept", &self.0.kept.entry_count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::CustomRoleId;
    use domain::identity::custom_role::CustomRole;
    use tokio::sync::Notify;
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));

    /// A log of which each look finds one role more.
    #[derive(Clone, Default)]
    struct Log(Arc<(Mutex<u128>, Notify, Notify)>);

    impl Organisations for Log {
        fn load(&self, _: TenantId) -> Loading<'_> {
            let mut looks = self.0.0.lock().unwrap();
            *looks += 1;
            let role = |number| (CustomRoleId::from_uuid(Uuid::from_u128(number)), CustomRole::Unborn);
            let roles = (0..*looks).map(role).collect();
            let is_slow = *looks == 1;
            drop(looks);
            Box::pin(async move {
                if is_slow {
                    self.0.1.notify_one();
                    self.0.2.notified().await;
                }
                Ok(Organisation { roles, ..Organisation::default() })
            })
        }
    }

    async fn roles(directory: &Directory) -> usize {
        directory.of(TENANT).await.unwrap().roles.len()
    }

    #[tokio::test]
    async fn what_changes_while_it_is_loaded_is_not_kept() {
        let log = Log::default();
        let directory = Directory::new(log.clone());
        let slow = tokio::spawn({
            let directory = directory.clone();
            async move { roles(&directory).await }
        });
        log.0.1.notified().await;
        directory.forget(TENANT);
        log.0.2.notify_one();
        assert_eq!(slow.await.unwrap(), 1);
        assert_eq!(roles(&directory).await, 2);
    }

    #[tokio::test]
    async fn what_is_known_is_kept_until_it_changes() {
        let log = Log::default();
        log.0.2.notify_one();
        let directory = Directory::new(log);
        assert_eq!((roles(&directory).await, roles(&directory).await), (1, 1));
        directory.forget(TenantId::from_uuid(Uuid::from_u128(2)));
        assert_eq!(roles(&directory).await, 1);
        directory.forget(TENANT);
        assert_eq!(roles(&directory).await, 2);
        directory.forget_all();
        assert_eq!(roles(&directory).await, 3);
    }
}
