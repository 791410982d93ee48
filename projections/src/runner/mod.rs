//! Drives a read model: batches from JetStream in, rows and checkpoint out in one transaction.
//!
//! A duplicate has a position at or before the checkpoint and is dropped; a hole is read from the log. Whatever
//! NATS does, the log is asked once in a while, so a read model is late at worst and never wrong.

mod batch;
mod follower;
mod jetstream;
mod port;
mod postgres;

use async_nats::jetstream::Context;
use event_store::{StreamNames, Upcasters};
use sqlx::PgPool;

use crate::registry::ReadModel;

pub(crate) use batch::fold_into;
pub use follower::{Follower, RunError};
pub use port::{Feed, Messages, ReadStore, Rows, Transaction};

/// Events folded in one transaction at most.
const BATCH: usize = 2_000;

/// Runs one read model.
#[derive(Clone)]
pub struct Runner {
    /// What to run.
    pub model: ReadModel,
    /// Connections in the role of [`event_store::Duty::Projector`].
    pub pool: PgPool,
    /// Where moves are announced.
    pub client: async_nats::Client,
    /// Where events come from.
    pub jetstream: Context,
    /// The names on NATS.
    pub names: StreamNames,
    /// How old events are read.
    pub upcasters: Upcasters,
}

impl Runner {
    /// Folds until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        let Self { model, pool, client, jetstream, names, upcasters } = self;
        let feed = jetstream::JetStream { client, context: jetstream, names, batch: BATCH };
        Follower { model, store: postgres::Postgres::new(pool), feed, upcasters, batch: BATCH }.run().await;
    }
}
