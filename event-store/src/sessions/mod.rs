//! Connections of a few tasks that never stop using them, and of many requests that use them for a moment.

mod pool;

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, PgPool};

use crate::database::{PING, lives, within_reason};
pub use pool::{PooledSession, SessionPool, Usage};

/// Settings of these sessions. Their statements are few, the same each time, and made to go by an index whatever the tables
/// hold. To plan an append takes ten times as long as to run it, and would be done for each: the planner takes the few rows
/// of a small batch for a reason.
const SETTINGS: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];

/// How long a connection may lie unused before it is closed.
const UNUSED: Duration = Duration::from_secs(600);

/// Connections that tasks hand on to each other. A pool asks the server twice whether a connection still lives each time
/// one is given back; for whoever writes hundreds of batches a second that is most of what the server is asked.
///
/// As many are open as were in use at once; the tasks bound that, not this.
#[derive(Clone)]
pub struct Sessions {
    options: Arc<PgConnectOptions>,
    idle: Arc<Mutex<Vec<Session>>>,
}

/// One of the connections, for as long as a task has it.
pub struct Session {
    connection: PgConnection,
    used_at: Instant,
    uses: u64,
}

impl Sessions {
    /// Connections like those of the pool, and apart from it.
    pub fn like(pool: &PgPool) -> Self {
        Self::of(PgConnectOptions::clone(&pool.connect_options()).options(SETTINGS))
    }

    /// Connections of these options.
    fn of(options: PgConnectOptions) -> Self {
        Self { options: Arc::new(options), idle: Arc::default() }
    }

    /// A connection on which nothing is open.
    ///
    /// # Errors
    /// The server is not there, or does not answer in time.
    pub async fn take(&self) -> Result<Session, sqlx::Error> {
        while let Some(mut session) = self.pop() {
            session.uses += 1;
            let is_alive = session.used_at.elapsed() < PING || lives(&mut session.connection).await;
            // One that fails here was lost while nobody used it.
            if is_alive && session.forget_early_plans().await.is_ok() {
                return Ok(session);
            }
        }
        let connection = within_reason(self.options.connect()).await?;
        Ok(Session { connection, used_at: Instant::now(), uses: 1 })
    }

    /// Gives a connection back: one on which whatever was begun has ended well. Any other is dropped instead, and the
    /// server then undoes what it left open.
    pub fn give_back(&self, session: Session) {
        let mut idle = self.lock();
        idle.retain(|unused| unused.used_at.elapsed() < UNUSED);
        idle.push(Session { used_at: Instant::now(), ..session });
    }

    fn pop(&self) -> Option<Session> {
        self.lock().pop()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Has everything planned anew after 2, 4, 8, … uses. While a table is empty, all of its indexes cost the same, and a plan
    /// of that time may go by one that has to be read to its end once there is something in it.
    async fn forget_early_plans(&mut self) -> Result<(), sqlx::Error> {
        if self.uses.is_power_of_two() {
            within_reason(self.connection.execute("discard plans")).await?;
        }
        Ok(())
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
