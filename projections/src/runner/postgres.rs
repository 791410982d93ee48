//! Rows and checkpoints in PostgreSQL.

use event_store::planted::{RUNNER_WITHOUT_POSITIONS, is_planted};
use event_store::{Recorded, Session, Sessions, Upcasters, measured, read, seal, within_reason};
use sqlx::{Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::port::{ReadStore, Rows, Transaction};
use super::together::Together;
use crate::checkpoint::{self, Target};
use crate::fold::{Changes, RowKey, Stop, StoredRow};
use crate::table;

/// The read models of a database. Transactions have connections of their own: a runner begins one after the other.
pub(super) struct Postgres {
    pool: PgPool,
    sessions: Sessions,
    together: Together,
}

/// A transaction. Its connection is given back once it has ended well, and closed otherwise.
pub(super) struct Open {
    session: Session,
    sessions: Sessions,
}

impl Postgres {
    pub(super) fn new(pool: PgPool, together: Together) -> Self {
        Self { sessions: Sessions::like(&pool), pool, together }
    }
}

impl ReadStore for Postgres {
    type Transaction = Open;

    async fn ensure(&self, view: &str) -> Result<(), sqlx::Error> {
        within_reason(checkpoint::ensure(&self.pool, view)).await
    }

    async fn position(&self, view: &str) -> Result<i64, sqlx::Error> {
        within_reason(checkpoint::position(&self.pool, view)).await
    }

    async fn head(&self) -> Result<i64, sqlx::Error> {
        within_reason(read::head(&self.pool)).await
    }

    async fn after(&self, position: i64, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
        within_reason(read::after(&self.pool, position, limit)).await
    }

    async fn begin(&self) -> Result<Open, sqlx::Error> {
        let mut session = measured("projections", self.sessions.take()).await?;
        within_reason(session.execute("begin")).await?;
        Ok(Open { session, sessions: self.sessions.clone() })
    }

    async fn advance(&self, view: &str, target: &Target) -> Result<bool, sqlx::Error> {
        if !is_planted(RUNNER_WITHOUT_POSITIONS) && self.together.advance(view, target).await {
            return Ok(true);
        }
        let mut session = measured("projections", self.sessions.take()).await?;
        let advanced = within_reason(checkpoint::advance(&mut session, view, target)).await?;
        self.sessions.give_back(session);
        Ok(advanced.is_some())
    }
}

impl Open {
    async fn end(mut self, how: &str) -> Result<(), sqlx::Error> {
        within_reason(self.session.execute(how)).await?;
        self.sessions.give_back(self.session);
        Ok(())
    }
}

impl Transaction for Open {
    type Rows = PgConnection;

    async fn advance(&mut self, view: &str, target: &Target) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
        within_reason(checkpoint::advance(&mut self.session, view, target)).await
    }

    async fn position(&mut self, view: &str) -> Result<i64, sqlx::Error> {
        within_reason(checkpoint::position(&mut *self.session, view)).await
    }

    fn rows(&mut self) -> &mut PgConnection {
        &mut self.session
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("commit").await
    }

    async fn rollback(self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }
}

impl Rows for PgConnection {
    async fn open(
        &mut self,
        events: Vec<Recorded>,
        upcasters: Upcasters,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        seal::open(self, events, upcasters).await
    }

    async fn load(&mut self, table: &str, keys: &[RowKey]) -> Result<Vec<StoredRow>, sqlx::Error> {
        within_reason(table::load(self, table, keys)).await
    }

    async fn store(&mut self, table: &str, changes: Changes) -> Result<(), sqlx::Error> {
        within_reason(table::store(self, table, changes)).await
    }

    async fn park(&mut self, table: &str, stops: &[Stop]) -> Result<(), sqlx::Error> {
        within_reason(checkpoint::park(self, table, stops)).await
    }

    async fn of_tenant(
        &mut self,
        tenant: Uuid,
        after: i64,
        until: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        within_reason(read::of_tenant(self, tenant, after, until, i64::MAX)).await
    }

    async fn savepoint(&mut self) -> Result<(), sqlx::Error> {
        within_reason(self.execute("savepoint fold")).await.map(|_| ())
    }

    async fn release(&mut self) -> Result<(), sqlx::Error> {
        within_reason(self.execute("release savepoint fold")).await.map(|_| ())
    }

    async fn undo(&mut self) -> Result<(), sqlx::Error> {
        within_reason(self.execute("rollback to savepoint fold")).await.map(|_| ())
    }
}
