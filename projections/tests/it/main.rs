//! The runner, rebuilds and resuming against a real PostgreSQL and nats-server.

mod parking;
mod rebuilding;
mod running;
mod world;
