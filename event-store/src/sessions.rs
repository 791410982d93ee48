//! Connections of a few tasks that never stop using them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection, PgPool};

use crate::database::{PING, lives, within_reason};

/// Settings of these sessions. Their statements are few, the same each time, and made to go by an index whatever the tables
/// hold. To plan an append takes ten times as long as to run it, and would be done for each: the planner takes the few rows
/// of a small batch for a reason.
const SETTINGS: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];

/// Connections that tasks hand on to each other. A pool asks the server twice whether a connection still lives each time
/// one is given back; for whoever writes hundreds of batches a second that is most of what the server is asked.
///
/// As many are open as were in use at once; the tasks bound that, not this.
#[derive(Clone)]
pub struct Sessions {
    options: PgConnectOptions,
    idle: Arc<Mutex<Vec<(Instant, PgConnection)>>>,
}

impl Sessions {
    /// Connections like those of the pool, and apart from it.
    pub fn like(pool: &PgPool) -> Self {
        Self {
            options: PgConnectOptions::clone(&pool.connect_options()).options(SETTINGS),
            idle: Arc::default(),
        }
    }

    /// A connection on which nothing is open.
    ///
    /// # Errors
    /// The server is not there, or does not answer in time.
    pub async fn take(&self) -> Result<PgConnection, sqlx::Error> {
        while let Some((since, mut connection)) = self.pop() {
            if since.elapsed() < PING || lives(&mut connection).await {
                return Ok(connection);
            }
        }
        within_reason(self.options.connect()).await
    }

    /// Gives a connection back: one on which whatever was begun has ended well. Any other is dropped instead, and the
    /// server then undoes what it left open.
    pub fn give_back(&self, connection: PgConnection) {
        self.lock().push((Instant::now(), connection));
    }

    fn pop(&self) -> Option<(Instant, PgConnection)> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, PgConnection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
