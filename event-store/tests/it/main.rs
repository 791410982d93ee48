//! The log against a real PostgreSQL and nats-server; each test has a database and a stream of its own.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod appending;
mod claims;
mod compatibility;
mod counter;
mod histories;
mod log;
mod memory;
mod order;
mod person;
mod plans;
mod relaying;
mod sealing;
mod session_pool;
