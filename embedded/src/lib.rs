//! A private PostgreSQL and nats-server, started and stopped by us.
//!
//! Job: run both for `crm serve --embedded` and for tests, on loopback, with all their files in one folder.
//! Used by: the `crm` binary and the tests of every crate; `with-servers` runs a whole test run on one pair.
//! Never here: anything production needs; there both servers are run by others.
//! Invariant: a server never outlives the process that started it, however that process ends (see `supervise.sh`).

mod account;
mod embedded;
mod error;
mod launch;
mod lock;
mod nats;
mod orphan;
mod postgres;
mod site;
mod supervisor;
pub mod testing;
mod tools;

pub use embedded::{Config, Embedded};
pub use error::Error;
pub use nats::Nats;
pub use postgres::Postgres;
pub use tools::find_tools;
