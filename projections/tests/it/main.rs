//! The runner, rebuilds and resuming against a real PostgreSQL and nats-server.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod erasing;
mod parking;
mod plans;
mod rebuilding;
mod running;
mod world;
