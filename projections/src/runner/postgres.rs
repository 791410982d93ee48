//! Rows and checkpoints in PostgreSQL.

use event_store::{Recorded, measured, read, within_reason};
use sqlx::{Executor, PgConnection, PgPool, Postgres};
use uuid::Uuid;

use super::port::{ReadStore, Rows, Transaction};
use crate::checkpoint::{self, Target};
use crate::fold::{Changes, RowKey, Stop, StoredRow};
use crate::table;

impl ReadStore for PgPool {
    type Transaction = sqlx::Transaction<'static, Postgres>;

    async fn ensure(&self, view: &str) -> Result<(), sqlx::Error> {
        within_reason(checkpoint::ensure(self, view)).await
    }

    async fn position(&self, view: &str) -> Result<i64, sqlx::Error> {
        within_reason(checkpoint::position(self, view)).await
    }

    async fn head(&self) -> Result<i64, sqlx::Error> {
        within_reason(read::head(self)).await
    }

    async fn after(&self, position: i64, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
        within_reason(read::after(self, position, limit)).await
    }

    async fn begin(&self) -> Result<Self::Transaction, sqlx::Error> {
        measured("projections", within_reason(PgPool::begin(self))).await
    }
}

impl Transaction for sqlx::Transaction<'static, Postgres> {
    type Rows = PgConnection;

    async fn advance(&mut self, view: &str, target: &Target) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
        within_reason(checkpoint::advance(self, view, target)).await
    }

    async fn position(&mut self, view: &str) -> Result<i64, sqlx::Error> {
        within_reason(checkpoint::position(&mut **self, view)).await
    }

    fn rows(&mut self) -> &mut PgConnection {
        self
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        within_reason(sqlx::Transaction::commit(self)).await
    }

    async fn rollback(self) -> Result<(), sqlx::Error> {
        within_reason(sqlx::Transaction::rollback(self)).await
    }
}

impl Rows for PgConnection {
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
