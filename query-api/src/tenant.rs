//! The one way to the database: a transaction that reads, and sees one tenant.

use edge::TenantId;
use event_store::{Duty, PooledSession, SessionPool, measured};
use sqlx::{Executor as _, PgConnection};

use crate::failure::is_lost;

/// How long a statement may run. A request has more time than this, so its answer says why there is none.
const STATEMENT_TIMEOUT: &str = "10s";

/// Connections that can be used for one tenant at a time only.
#[derive(Clone)]
pub(crate) struct TenantReads(SessionPool);

/// A read-only transaction in which row-level security shows one tenant.
///
/// All its statements see the same snapshot. It ends when it is dropped; there is nothing to commit.
pub(crate) struct TenantTransaction {
    session: PooledSession,
    tenant: TenantId,
}

impl TenantReads {
    pub(crate) fn new(sessions: SessionPool) -> Self {
        Self(sessions)
    }

    /// Begins to read, and tells the database the tenant, in one round trip.
    pub(crate) async fn begin(&self, tenant: TenantId) -> Result<TenantTransaction, sqlx::Error> {
        // The role is set here as well, so that sessions of another duty cannot see more. A UUID needs no quoting.
        let begin = format!(
            "begin isolation level repeatable read read only;
             set local role {};
             set local crm.tenant = '{tenant}';
             set local statement_timeout = '{STATEMENT_TIMEOUT}'",
            Duty::Reader.role()
        );
        // Each connection that was lost while nobody used it is found out here, once, and is then replaced.
        let mut attempts = self.0.usage().most;
        loop {
            let mut session = measured("queries", self.0.acquire()).await?;
            match session.execute(begin.as_str()).await {
                Ok(_) => return Ok(TenantTransaction { session, tenant }),
                Err(error) if attempts > 0 && is_lost(&error) => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl TenantTransaction {
    /// The tenant that can be seen.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// What to send queries to.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.session
    }
}
