//! Connections, each in the role of its duty.

use std::io;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};

use crate::metrics;

/// How long a statement of a service that works on its own may take before its connection counts as dead: a server that
/// has gone without a word is not noticed by TCP for a quarter of an hour.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to show that it lives.
pub(crate) const PING: Duration = Duration::from_secs(1);
/// How long a transaction may wait for its client. One that is stopped in the middle must not hold its locks for ever.
const IDLE_IN_TRANSACTION: &str = "5s";

/// What a pool of connections is for. Its database role holds exactly the rights of that duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Adds to the log, for all tenants; can neither change nor delete an event.
    Appender,
    /// Reads the log of all tenants.
    Relay,
    /// Reads the log and writes read models, for all tenants.
    Projector,
    /// Reads the log and the read models of the one tenant that the transaction names.
    Reader,
    /// Keeps the secrets of users of the one tenant that the transaction names; reads what the log says of users and their
    /// sessions, for all tenants.
    Identity,
    /// Adds to the trail, for all tenants; can neither read nor change it.
    Trail,
    /// Deletes of the trail what is old, for all tenants.
    Sweeper,
    /// Sees how far the log and the read models are, and nothing of what is in them.
    Observer,
}

impl Duty {
    /// The database role.
    pub const fn role(self) -> &'static str {
        match self {
            Duty::Appender => "crm_appender",
            Duty::Relay => "crm_relay",
            Duty::Projector => "crm_projector",
            Duty::Reader => "crm_reader",
            Duty::Identity => "crm_identity",
            Duty::Trail => "crm_trail",
            Duty::Sweeper => "crm_sweeper",
            Duty::Observer => "crm_observer",
        }
    }

    /// Whether a commit waits for the disk. Rows of read models become durable together with the checkpoint that says how
    /// far they are, and after the events that they were folded from. So a crash takes them back to an earlier state that
    /// fits, if to any, and the log is folded again from there.
    const fn synchronous_commit(self) -> &'static str {
        match self {
            Duty::Projector => "off",
            Duty::Appender
            | Duty::Relay
            | Duty::Reader
            | Duty::Identity
            | Duty::Trail
            | Duty::Sweeper
            | Duty::Observer => "on",
        }
    }
}

/// Opens a pool of at most `connections` connections to the database at `url`, in the role of `duty`.
///
/// Connects lazily: a database that is away shows at the first use, not here.
pub fn connect(url: &str, duty: Duty, connections: u32) -> Result<PgPool, sqlx::Error> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        // In place of the pool's own tests, which wait for as long as it takes.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move { Ok(used.idle_for < PING || lives(connection).await) })
        })
        .after_release(|connection, _| Box::pin(async move { Ok(lives(connection).await) }))
        .connect_lazy_with(options(url, duty)?))
}

/// Waits for a connection of the pool that metrics know by `pool`, and counts how long that takes.
pub async fn measured<T>(
    pool: &'static str,
    taken: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let since = Instant::now();
    let taken = taken.await;
    metrics::acquired(pool, since.elapsed(), matches!(taken, Err(sqlx::Error::PoolTimedOut)));
    taken
}

/// The options of one connection in the role of `duty`.
pub fn options(url: &str, duty: Duty) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url)?
        .options([
            ("role", duty.role()),
            ("timezone", "UTC"),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
            ("synchronous_commit", duty.synchronous_commit()),
        ])
        .application_name(duty.role()))
}

/// What `work` comes to, or an error if the database does not answer in time.
///
/// # Errors
/// Those of `work`; [`sqlx::Error::Io`] if it took too long.
pub async fn within_reason<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(late) => Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late))),
    }
}

/// Whether the server at the other end of a connection answers.
pub(crate) async fn lives(connection: &mut PgConnection) -> bool {
    matches!(tokio::time::timeout(PING, connection.ping()).await, Ok(Ok(())))
}
