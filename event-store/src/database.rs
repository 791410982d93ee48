//! Connections, each in the role of its duty.

use std::str::FromStr;
use std::time::Instant;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::metrics;

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
}

impl Duty {
    /// The database role.
    pub const fn role(self) -> &'static str {
        match self {
            Duty::Appender => "crm_appender",
            Duty::Relay => "crm_relay",
            Duty::Projector => "crm_projector",
            Duty::Reader => "crm_reader",
        }
    }
}

/// Opens a pool of at most `connections` connections to the database at `url`, in the role of `duty`.
///
/// Connects lazily: a database that is away shows at the first use, not here.
pub fn connect(url: &str, duty: Duty, connections: u32) -> Result<PgPool, sqlx::Error> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(std::time::Duration::from_secs(5))
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
        .options([("role", duty.role()), ("timezone", "UTC")])
        .application_name(duty.role()))
}
