//! The log as the appender and the relay see it.

use std::sync::Arc;

use event_store::appender::{self, Failure, Written};
use event_store::{Append, Claim, RawRecorded, Stored, relay};
use tokio::sync::Notify;
use uuid::Uuid;

use super::database::{Database, count};
use super::error::lost;
use super::link::call;
use super::state::claimed;
use super::text::written;
use crate::plant::Plant;

/// A process's way to the log.
#[derive(Clone)]
pub struct MemoryLog(pub Arc<Database>);

impl appender::Log for MemoryLog {
    async fn write(&self, batch: &[&Append]) -> Result<Written, Failure> {
        let database = self.0.clone();
        let batch: Vec<Append> = batch.iter().copied().cloned().collect();
        match call(&self.0.weather, async move { write(&database, &batch).await }).await {
            Ok(written) => written,
            Err(_) => Err(Failure::Unavailable(lost())),
        }
    }

    async fn stored_answer(&self, tenant: Uuid, key: &str) -> Result<Option<Stored>, sqlx::Error> {
        let (database, key) = (self.0.clone(), key.to_owned());
        let answer = async move { database.look(|state| state.answer(tenant, &key)) };
        call(&self.0.weather, answer).await.map_err(|_| lost())
    }

    async fn taken(&self, tenant: Uuid, claims: &[Claim]) -> Result<Option<Claim>, sqlx::Error> {
        let (database, claims) = (self.0.clone(), claims.to_vec());
        let taken = async move {
            let held = |claim: &Claim| database.look(|state| state.claims.contains(&claimed(tenant, claim)));
            claims.into_iter().find(held)
        };
        call(&self.0.weather, taken).await.map_err(|_| lost())
    }
}

/// One batch in one transaction, as `append.sql` writes it.
async fn write(database: &Database, batch: &[Append]) -> Result<Written, Failure> {
    let (guard, generation) = database.enter().await;
    let guard = (database.plant != Plant::NoGate).then_some(guard);
    database.weather.pass().await;
    let failed = database.look(|state| state.failed_guards(batch));
    if !failed.is_empty() {
        return Err(Failure::Guards(failed.into_iter().collect()));
    }
    let base = database.base(count(batch));
    // The flush.
    database.weather.pass().await;
    let unique = database.plant != Plant::NoKeyCheck;
    let taken = database.change(generation, |state| state.append(base, batch, unique));
    taken.map_err(|_| Failure::Unavailable(lost()))??;
    database.weather.trace.step(format_args!("append after {base}: {} events", count(batch)));
    drop(guard);
    database.appended.notify_waiters();
    Ok(Written { base, recorded_at: chrono::DateTime::UNIX_EPOCH })
}

impl relay::Log for MemoryLog {
    type Session = Session;

    async fn open(&self) -> Result<Session, sqlx::Error> {
        self.0.weather.pass().await;
        Ok(Session { database: self.0.clone(), generation: self.0.generation(), holder: Arc::new(()) })
    }
}

/// A connection of a relay.
pub struct Session {
    database: Arc<Database>,
    generation: u64,
    holder: Arc<()>,
}

impl Session {
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Database) -> T + Send + 'static,
    ) -> Result<T, sqlx::Error> {
        let (database, generation) = (self.database.clone(), self.generation);
        let asked = call(&self.database.weather, async move {
            (database.generation() == generation).then(|| question(&database))
        });
        asked.await.ok().flatten().ok_or_else(lost)
    }
}

impl relay::Session for Session {
    async fn try_lock(&mut self) -> Result<bool, sqlx::Error> {
        let (generation, holder) = (self.generation, self.holder.clone());
        let locked = self.ask(move |database| database.lock_relay(generation, &holder)).await?;
        locked.map_err(|_| lost())
    }

    fn listen(&mut self) -> Arc<Notify> {
        self.database.appended.clone()
    }

    async fn head(&mut self) -> Result<i64, sqlx::Error> {
        self.ask(|database| database.look(|state| state.head)).await
    }

    async fn after(&mut self, position: i64, limit: i64) -> Result<Vec<RawRecorded>, sqlx::Error> {
        let events = self.ask(move |database| database.look(|state| state.after(position, limit))).await?;
        Ok(events.into_iter().map(written).collect())
    }
}

impl Drop for Session {
    /// The server learns later that the process is gone, and only then the lock is free.
    fn drop(&mut self) {
        let (holder, weather) = (self.holder.clone(), self.database.weather.clone());
        tokio::spawn(async move {
            weather.pass().await;
            drop(holder);
        });
    }
}
