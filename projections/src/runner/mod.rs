//! Drives a read model: batches from JetStream in, rows and checkpoint out in one transaction.
//!
//! A duplicate has a position at or before the checkpoint and is dropped; a hole is read from the log. Whatever
//! NATS does, the log is asked once in a while, so a read model is late at worst and never wrong.

mod batch;
mod follower;
mod jetstream;
mod port;
mod postgres;
mod shared;
mod together;

use event_store::{StreamNames, Upcasters};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::registry::{ReadModel, registry};

pub(crate) use batch::fold_into;
pub use follower::{Follower, RunError};
pub use jetstream::JetStream;
pub use port::{Arrived, Feed, Messages, ReadStore, Rows, Transaction};
pub use shared::SharedFeed;
pub use together::Together;

/// Events folded in one transaction at most.
const BATCH: usize = 2_000;

/// What the runners of a process share, and what has to run for them.
pub fn feed(
    client: async_nats::Client,
    names: StreamNames,
) -> (SharedFeed<JetStream>, impl Future<Output = ()> + Send) {
    let context = async_nats::jetstream::new(client.clone());
    SharedFeed::new(JetStream { client, context, names, batch: BATCH }, BATCH)
}

/// What moves checkpoints of runners of a process together, and what has to run for that. `pool` is that of the runners.
pub fn together(pool: &PgPool) -> (Together, impl Future<Output = ()> + Send + use<>) {
    Together::new(pool)
}

/// Starts the runners of all read models. They stop when the set is dropped, which is safe at any point.
///
/// `pool` has connections in the role of [`event_store::Duty::Projector`].
pub fn start_all(
    pool: &PgPool,
    client: async_nats::Client,
    names: StreamNames,
    upcasters: Upcasters,
) -> JoinSet<()> {
    let mut running = JoinSet::new();
    let (feed, passing_on) = feed(client, names);
    running.spawn(passing_on);
    let (together, moving) = together(pool);
    running.spawn(moving);
    for model in registry() {
        let (pool, feed, together) = (pool.clone(), feed.clone(), together.clone());
        let runner = Runner { model, pool, feed, together, upcasters };
        running.spawn(runner.run());
    }
    running
}

/// Runs one read model.
#[derive(Clone)]
pub struct Runner {
    /// What to run.
    pub model: ReadModel,
    /// Connections in the role of [`event_store::Duty::Projector`].
    pub pool: PgPool,
    /// Where events come from, and moves are announced.
    pub feed: SharedFeed<JetStream>,
    /// What moves the checkpoint while there is nothing to fold.
    pub together: Together,
    /// How old events are read.
    pub upcasters: Upcasters,
}

impl Runner {
    /// Folds until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        let Self { model, pool, feed, together, upcasters } = self;
        let store = postgres::Postgres::new(pool, together);
        Follower { model, store, feed, upcasters, batch: BATCH }.run().await;
    }
}
