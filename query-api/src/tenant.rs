//! The one way to the database: a transaction that reads, and sees one tenant.

use edge::TenantId;
use event_store::{Duty, PooledSession, SessionPool, measured};
use sqlx::postgres::PgRow;
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
        let begin = begin_as(tenant);
        let (transaction, _) = self.begun(tenant, |_| begin.clone()).await?;
        Ok(transaction)
    }

    /// The same, and in the same round trip what the statement `sql` of these views finds, as text. A session plans it once.
    pub(crate) async fn begin_with(
        &self,
        tenant: TenantId,
        views: &'static [&'static str],
        sql: fn(&[&'static str]) -> String,
    ) -> Result<(TenantTransaction, Vec<PgRow>), sqlx::Error> {
        let begin = begin_as(tenant);
        self.begun(tenant, |session| match session.prepared(views) {
            (number, false) => format!("{begin}; execute views_{number}"),
            (number, true) => {
                format!("{begin}; prepare views_{number} as {}; execute views_{number}", sql(views))
            }
        })
        .await
    }

    async fn begun(
        &self,
        tenant: TenantId,
        message: impl Fn(&mut PooledSession) -> String,
    ) -> Result<(TenantTransaction, Vec<PgRow>), sqlx::Error> {
        // Each connection that was lost while nobody used it is found out here, once, and is then replaced.
        let mut attempts = self.0.usage().most;
        loop {
            let mut session = measured("queries", self.0.acquire()).await?;
            let message = message(&mut session);
            match session.fetch_all(message.as_str()).await {
                Ok(rows) => return Ok((TenantTransaction { session, tenant }, rows)),
                Err(error) => {
                    session.discard();
                    if attempts == 0 || !is_lost(&error) {
                        return Err(error);
                    }
                    attempts -= 1;
                }
            }
        }
    }
}

fn begin_as(tenant: TenantId) -> String {
    // The role is set here as well, so that sessions of another duty cannot see more. A UUID needs no quoting.
    format!(
        "begin isolation level repeatable read read only;
         set local role {};
         set local crm.tenant = '{tenant}';
         set local statement_timeout = '{STATEMENT_TIMEOUT}'",
        Duty::Reader.role()
    )
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
