//! The log against a real PostgreSQL and nats-server; each test has a database and a stream of its own.

mod appending;
mod claims;
mod compatibility;
mod counter;
mod log;
mod order;
mod relaying;
