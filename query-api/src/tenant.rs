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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use embedded::testing;
    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::*;

    const REQUESTS: u64 = 100_000;
    const TENANTS: u64 = 50;
    const CALLERS: u64 = 16;

    const ROWS: &str = "select tenant_id from read_model.row_count";
    const FAILS: &str = "select 1 / (rows - rows) from read_model.row_count";
    const TAKES_LONG: &str =
        "set local statement_timeout = '1ms'; select pg_sleep(1), rows from read_model.row_count";

    fn tenant(number: u64) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(u128::from(1 + number % TENANTS)))
    }

    async fn rows(reads: &TenantReads, tenant: TenantId) -> Result<Vec<Uuid>, sqlx::Error> {
        let mut transaction = reads.begin(tenant).await?;
        sqlx::query_scalar(ROWS).fetch_all(transaction.connection()).await
    }

    /// What became of a caller's requests: how many were answered, and how many given up halfway.
    async fn ask(reads: TenantReads, caller: u64) -> (u64, u64) {
        let (mut answered, mut given_up) = (0, 0);
        for number in (caller..REQUESTS).step_by(usize::try_from(CALLERS).unwrap()) {
            let tenant = tenant(number);
            if number % 1_000 < 100 {
                let fails = if number % 1_000 == 0 { TAKES_LONG } else { FAILS };
                let mut transaction = reads.begin(tenant).await.unwrap();
                transaction.connection().execute(fails).await.unwrap_err();
                continue;
            }
            // One in ten goes away, each after another while: before it has the session, while the transaction begins, while
            // the rows are on their way.
            let patience = if number % 10 == 0 { number * 37 % 900 } else { 600_000_000 };
            match tokio::time::timeout(Duration::from_micros(patience), rows(&reads, tenant)).await {
                Ok(found) => {
                    assert_eq!(found.unwrap(), [Uuid::from(tenant)], "request {number}");
                    answered += 1;
                }
                Err(_) => given_up += 1,
            }
        }
        (answered, given_up)
    }

    #[tokio::test]
    async fn one_session_serves_fifty_tenants_and_shows_none_the_rows_of_another() {
        let database = testing::database().await;
        let tenants: Vec<Uuid> = (0..TENANTS).map(|number| tenant(number).into()).collect();
        sqlx::query("insert into read_model.row_count select unnest($1::uuid[]), 'sales_lead_list', 1")
            .bind(tenants)
            .execute(&database.pool())
            .await
            .unwrap();
        let sessions = SessionPool::new(database.url(), Duty::Reader, 1).unwrap();
        let reads = TenantReads::new(sessions.with_patience(Duration::from_secs(600)));
        let mut callers: JoinSet<_> = (0..CALLERS).map(|caller| ask(reads.clone(), caller)).collect();
        let (mut answered, mut given_up) = (0, 0);
        while let Some(asked) = callers.join_next().await {
            let asked = asked.unwrap();
            answered += asked.0;
            given_up += asked.1;
        }
        assert_eq!(answered + given_up, REQUESTS - REQUESTS / 10);
        assert!(answered >= REQUESTS * 8 / 10 && given_up > 0, "{answered} answered, {given_up} given up");
    }
}
