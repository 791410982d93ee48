//! What `/health/ready` asks of the parts of a process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use edge::Check;
use event_store::{Duty, read};
use projections::checkpoint;

use super::Roles;
use crate::maintain::missing_migrations;

impl Roles<'_> {
    /// What `/health/ready` asks of command APIs that share limits: whether anybody can sign in.
    pub fn limits_check(&self) -> Option<Check> {
        let shared = self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(Check::new("limits", move || {
            let is_there = shared.is_there();
            async move { if is_there { Ok(()) } else { Err("the Redis of shared limits does not answer") } }
        }))
    }

    /// What `/health/ready` asks: whether the database has the schema of this build. Once it has, it keeps it.
    pub fn schema_check(&self) -> Check {
        let (url, current) = (self.site.database_url.clone(), Arc::new(AtomicBool::new(false)));
        Check::new("migrations", move || {
            let (url, current) = (url.clone(), Arc::clone(&current));
            async move {
                if current.load(Ordering::Relaxed) {
                    return Ok(());
                }
                match missing_migrations(&url).await? {
                    0 => {
                        current.store(true, Ordering::Relaxed);
                        Ok(())
                    }
                    missing => Err(anyhow::anyhow!("the database lacks {missing} migrations of this build")),
                }
            }
        })
    }

    /// What `/health/ready` asks: whether the database answers in the role of `duty`.
    pub fn database_check(&self, duty: Duty) -> anyhow::Result<Check> {
        let pool = self.pool(duty, 1)?;
        Ok(Check::new("database", move || {
            let pool = pool.clone();
            async move { read::head(&pool).await.map(|_| ()) }
        }))
    }

    /// What `/health/ready` asks of a projector: whether the rows of every tenant go on.
    pub fn parked_check(&self) -> anyhow::Result<Check> {
        let pool = self.pool(Duty::Projector, 1)?;
        Ok(Check::new("parked", move || {
            let pool = pool.clone();
            async move {
                let parked = checkpoint::parked(&pool).await?;
                match parked.first() {
                    None => Ok(()),
                    Some(first) => Err(anyhow::anyhow!(
                        "{} read models of tenants stand still; the first is {} of {} at position {}",
                        parked.len(),
                        first.view,
                        first.tenant_id,
                        first.position
                    )),
                }
            }
        }))
    }
}
