//! The one way to the database: a transaction that reads, and sees one tenant.

use edge::{Reach, TenantId};
use event_store::{Duty, PooledSession, SessionPool, measured};
use sqlx::{Executor as _, PgConnection};
use tokio::sync::OwnedSemaphorePermit;

use crate::failure::{ReadError, is_lost};
use crate::places::Places;

/// How long a statement may run. A request has more time than this, so its answer says why there is none.
const STATEMENT_TIMEOUT: &str = "10s";

/// The role in which row-level security shows what the owners in `crm.owners` own, and nothing else that has owners.
pub const SCOPED_READER: &str = "crm_scoped_reader";

/// Connections that can be used for one tenant at a time only.
#[derive(Clone)]
pub(crate) struct TenantReads {
    sessions: SessionPool,
    places: Places,
}

/// A read-only transaction in which row-level security shows one tenant.
///
/// All its statements see the same snapshot. It ends when it is dropped; there is nothing to commit.
pub(crate) struct TenantTransaction {
    session: PooledSession,
    tenant: TenantId,
    is_scoped: bool,
    _place: OwnedSemaphorePermit,
}

impl TenantReads {
    /// A tenant may have all of them at a time.
    pub(crate) fn new(sessions: SessionPool) -> Self {
        let places = Places::new(usize::try_from(sessions.usage().most).unwrap_or(usize::MAX));
        Self { sessions, places }
    }

    /// A tenant may have so many at a time.
    #[must_use]
    pub(crate) fn with_places(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// Begins to read, and tells the database the tenant and how far the reader reaches, in one round trip.
    pub(crate) async fn begin(
        &self,
        tenant: TenantId,
        reach: &Reach,
    ) -> Result<TenantTransaction, ReadError> {
        let place = self.places.take(tenant).await.ok_or(ReadError::Crowded)?;
        // The role is set here as well, so that sessions of another duty cannot see more. A UUID needs no quoting.
        let begin = format!(
            "begin isolation level repeatable read read only;
             {};
             set local crm.tenant = '{tenant}';
             set local statement_timeout = '{STATEMENT_TIMEOUT}'",
            set_reach(reach)
        );
        // Each connection that was lost while nobody used it is found out here, once, and is then replaced.
        let mut attempts = self.sessions.usage().most;
        loop {
            let mut session = measured("queries", self.sessions.acquire()).await?;
            match session.execute(begin.as_str()).await {
                Ok(_) => {
                    let is_scoped = *reach != Reach::All;
                    return Ok(TenantTransaction { session, tenant, is_scoped, _place: place });
                }
                Err(error) if attempts > 0 && is_lost(&error) => attempts -= 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl TenantTransaction {
    /// The tenant that can be seen.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whether some rows of the tenant cannot be seen, since others own them.
    pub(crate) fn is_scoped(&self) -> bool {
        self.is_scoped
    }

    /// What to send queries to.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.session
    }
}

/// The role of a reader who reaches everything, or of one who reaches what some owners own.
fn set_reach(reach: &Reach) -> String {
    match reach {
        Reach::All => format!("set local role {}", Duty::Reader.role()),
        Reach::Owners(owners) => {
            let owners: Vec<String> = owners.iter().map(|owner| element(owner)).collect();
            let owners = format!("{{{}}}", owners.join(",")).replace('\'', "''");
            format!("set local role {SCOPED_READER}; set local crm.owners = '{owners}'")
        }
    }
}

/// An element of an array as PostgreSQL reads it. Subjects hold no control characters, and anything else.
fn element(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
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

    async fn rows(reads: &TenantReads, tenant: TenantId) -> Result<Vec<Uuid>, ReadError> {
        let mut transaction = reads.begin(tenant, &Reach::All).await?;
        Ok(sqlx::query_scalar(ROWS).fetch_all(transaction.connection()).await?)
    }

    /// What became of a caller's requests: how many were answered, and how many given up halfway.
    async fn ask(reads: TenantReads, caller: u64) -> (u64, u64) {
        let (mut answered, mut given_up) = (0, 0);
        for number in (caller..REQUESTS).step_by(usize::try_from(CALLERS).unwrap()) {
            let tenant = tenant(number);
            if number % 1_000 < 100 {
                let fails = if number % 1_000 == 0 { TAKES_LONG } else { FAILS };
                let mut transaction = reads.begin(tenant, &Reach::All).await.unwrap();
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
    async fn owners_of_any_name_reach_the_database_as_they_are() {
        let database = testing::database().await;
        let reads = TenantReads::new(SessionPool::new(database.url(), Duty::Reader, 1).unwrap());
        let names = ["sam", "o'hara", "a\"b", "a\\b", "{x,y}", "null", " ", "ä', 'b"];
        let owners: Arc<BTreeSet<String>> = Arc::new(names.iter().map(ToString::to_string).collect());
        let mut transaction = reads.begin(tenant(1), &Reach::Owners(Arc::clone(&owners))).await.unwrap();
        let (role, found): (String, Vec<String>) =
            sqlx::query_as("select current_user::text, read_model.owners()")
                .fetch_one(transaction.connection())
                .await
                .unwrap();
        assert_eq!(role, SCOPED_READER);
        assert_eq!(found, owners.iter().cloned().collect::<Vec<_>>());
        drop(transaction);
        // The next who borrows the session reaches as far as they may themselves.
        let mut transaction = reads.begin(tenant(1), &Reach::All).await.unwrap();
        let (role, found): (String, Vec<String>) =
            sqlx::query_as("select current_user::text, read_model.owners()")
                .fetch_one(transaction.connection())
                .await
                .unwrap();
        assert_eq!((role.as_str(), found.len()), (Duty::Reader.role(), 0));
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
