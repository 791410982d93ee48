//! Servers, databases and streams for tests.
//!
//! One PostgreSQL and one nats-server serve all tests of a process; each test has a database and a stream of its own.
//! `with-servers` starts one pair for many processes and names it in [`DATABASE_URL`] and [`NATS_URL`].
//! These functions panic where a test could not go on anyway.

mod authority;
mod database;
mod janitor;
mod nats;
mod provider;
mod redis;
mod smtp;

use std::env;
use std::sync::{Arc, OnceLock};

use crate::site::Site;
use crate::{Embedded, Error, Nats, Postgres, find_tools};

pub use authority::{Opening, TestAuthority, TestTls, tls_before};
pub use database::{TestDatabase, database, empty_database};
pub(crate) use janitor::Janitor;
pub use nats::{TestNats, nats};
pub use provider::{TestProvider, provider};
pub use redis::{REDIS_SERVER, TestRedis, own_redis};
pub use smtp::{TestMail, TestSmtp, smtp, smtp_on, unused_port};

/// Names a PostgreSQL that tests use instead of starting one, if [`NATS_URL`] is set too. Its user is a superuser.
pub const DATABASE_URL: &str = "CRM_TEST_DATABASE_URL";
/// Names a nats-server that tests use instead of starting one, if [`DATABASE_URL`] is set too.
pub const NATS_URL: &str = "CRM_TEST_NATS_URL";

/// The servers that the tests of this process share.
pub struct Servers {
    /// A database of the PostgreSQL server, as a superuser.
    pub database_url: String,
    /// The nats-server.
    pub nats_url: String,
    /// Never dropped: the supervisors notice when this process ends.
    _own: Option<Embedded>,
}

/// The servers of this process, started on first use. This blocks for about a second then.
///
/// # Panics
/// If they do not start.
pub fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| match (env::var(DATABASE_URL), env::var(NATS_URL)) {
        (Ok(database_url), Ok(nats_url)) => Servers { database_url, nats_url, _own: None },
        _ => {
            let own = start().unwrap_or_else(|error| panic!("{}", error.with_causes()));
            Servers { database_url: own.database_url(), nats_url: own.nats_url(), _own: Some(own) }
        }
    })
}

/// Starts a pair of servers with their files in a temporary folder, which goes when they have ended.
///
/// # Errors
/// As [`Embedded::start`].
pub fn start() -> Result<Embedded, Error> {
    Embedded::start_in(temporary()?)
}

/// Starts a nats-server for one test alone, which may kill it, restart it and delete its store.
///
/// # Panics
/// If it does not start.
pub fn own_nats() -> Nats {
    temporary()
        .and_then(|site| Nats::start(Arc::new(site)))
        .unwrap_or_else(|error| panic!("{}", error.with_causes()))
}

/// Starts a PostgreSQL for one test alone, which may kill and restart it.
///
/// # Panics
/// If it does not start.
pub fn own_postgres() -> Postgres {
    temporary()
        .and_then(|site| Postgres::start(Arc::new(site)))
        .unwrap_or_else(|error| panic!("{}", error.with_causes()))
}

fn temporary() -> Result<Site, Error> {
    Site::temporary(&find_tools()?)
}
