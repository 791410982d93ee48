//! The log in PostgreSQL, as the relay reads it.

use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::port::{Log, Session};
use crate::database::{Duty, options, within_reason};
use crate::event::RawRecorded;
use crate::read;

/// The key of the advisory lock that the active relay holds, "relay" in ASCII.
pub const LOCK: i64 = 0x72_65_6c_61_79;

pub(super) struct Postgres {
    pub(super) database_url: String,
}

pub(super) struct PostgresSession {
    connection: PgConnection,
    options: PgConnectOptions,
    ears: JoinSet<()>,
}

impl Log for Postgres {
    type Session = PostgresSession;

    async fn open(&self) -> Result<PostgresSession, sqlx::Error> {
        let options = options(&self.database_url, Duty::Relay)?;
        let connection = within_reason(PgConnection::connect_with(&options)).await?;
        Ok(PostgresSession { connection, options, ears: JoinSet::new() })
    }
}

impl Session for PostgresSession {
    async fn try_lock(&mut self) -> Result<bool, sqlx::Error> {
        let lock = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK);
        within_reason(lock.fetch_one(&mut self.connection)).await
    }

    fn listen(&mut self) -> Arc<Notify> {
        let told = Arc::new(Notify::new());
        self.ears.spawn(listen(self.options.clone(), told.clone()));
        told
    }

    async fn head(&mut self) -> Result<i64, sqlx::Error> {
        within_reason(read::head(&mut self.connection)).await
    }

    async fn after(&mut self, position: i64, limit: i64) -> Result<Vec<RawRecorded>, sqlx::Error> {
        within_reason(read::raw_after(&mut self.connection, position, limit)).await
    }
}

/// Passes on what other processes append. If it ends, polling goes on.
async fn listen(options: PgConnectOptions, told: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let Ok(mut listener) = PgListener::connect_with(&pool).await else { return };
    if listener.listen("crm_log").await.is_ok() {
        while listener.recv().await.is_ok() {
            told.notify_waiters();
        }
    }
}
