//! How many reads of one tenant are under way, so that those of one leave the others enough of the connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use edge::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a read waits for others of its tenant.
const PATIENCE: Duration = Duration::from_secs(5);
/// Tenants that are remembered before those that read nothing are forgotten.
const REMEMBERED: usize = 1_000;

/// Places for reads, as many for each tenant. Clones share them.
#[derive(Clone)]
pub(crate) struct Places {
    most: usize,
    patience: Duration,
    tenants: Arc<Mutex<HashMap<TenantId, Weak<Semaphore>>>>,
}

impl Places {
    /// So many for each tenant.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.clamp(1, Semaphore::MAX_PERMITS), patience: PATIENCE, tenants: Arc::default() }
    }

    /// Lets reads wait for another time.
    #[must_use]
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A place of a tenant, which is free again when it is dropped; nothing if there was none for too long.
    pub(crate) async fn take(&self, tenant: TenantId) -> Option<OwnedSemaphorePermit> {
        let places = self.of(tenant);
        tokio::time::timeout(self.patience, places.acquire_owned()).await.ok()?.ok()
    }

    /// The places of a tenant, which are there for as long as somebody has one or waits for one.
    fn of(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = tenants.get(&tenant).and_then(Weak::upgrade) {
            return places;
        }
        if tenants.len() >= REMEMBERED {
            tenants.retain(|_, places| places.strong_count() > 0);
        }
        let places = Arc::new(Semaphore::new(self.most));
        tenants.insert(tenant, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_tenant_has_so_many_and_others_have_theirs() {
        let places = Places::new(2).with_patience(Duration::from_millis(50));
        let taken = [places.take(tenant(1)).await.unwrap(), places.take(tenant(1)).await.unwrap()];
        assert!(places.take(tenant(1)).await.is_none());
        assert!(places.take(tenant(2)).await.is_some());
        let waiting = tokio::spawn({
            let places = places.clone().with_patience(PATIENCE);
            async move { places.take(tenant(1)).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(taken);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn tenants_that_read_nothing_are_forgotten() {
        let places = Places::new(2);
        let _kept = places.take(tenant(0)).await;
        for number in 1..=2 * REMEMBERED as u128 {
            drop(places.take(tenant(number)).await);
        }
        assert!(places.tenants.lock().unwrap().len() <= REMEMBERED);
        assert!(places.tenants.lock().unwrap()[&tenant(0)].strong_count() > 0);
    }
}
