//! Publishes the log to JetStream, so that the sequence of a message is the position of its event.
//!
//! The relay keeps no checkpoint: the stream's last message tells where it stands. Each message is fenced with
//! the sequence it must follow, so a second relay, a zombie or a retry cannot duplicate, skip or reorder. The
//! advisory lock only keeps two relays from doing the same work; it is not what makes this safe.

mod jetstream;
mod port;
mod postgres;
mod publisher;

use std::sync::Arc;

use async_nats::jetstream::Context;
use tokio::sync::Notify;

use crate::stream::StreamNames;

pub use port::{Bus, BusError, Log, Session, StreamEnd};
pub use postgres::LOCK;
pub use publisher::Publisher;

/// Events published before their acknowledgements are awaited.
const BATCH: i64 = 2_000;
/// Messages that the stream keeps.
const WINDOW: i64 = 1_000_000;

/// How the relay reaches the log and the stream.
#[derive(Clone)]
pub struct Relay {
    /// The database of the log.
    pub database_url: String,
    /// The JetStream context.
    pub jetstream: Context,
    /// The names on NATS.
    pub names: StreamNames,
    /// Copies that a NATS cluster keeps of each message: 1, 3 or 5.
    pub replicas: usize,
    /// Notified after an append in the same process.
    pub appended: Arc<Notify>,
}

impl Relay {
    /// Relays until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        let Self { database_url, jetstream, names, replicas, appended } = self;
        let log = postgres::Postgres { database_url };
        let bus = jetstream::JetStream { context: jetstream, names, replicas };
        Publisher { log, bus, appended, batch: BATCH, window: WINDOW }.run().await;
    }
}
