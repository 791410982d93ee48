//! A transaction that stays open beside the appender, as a dump or a forgotten session does.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::Rng;
use rand::rngs::StdRng;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{Drill, Scheduled};
use crate::recovery::recovered;
use crate::settings::Form;
use crate::world::World;

/// Readers must not wait for it, and must not skip what commits before it.
#[derive(Default)]
pub struct OldTransaction;

/// A snapshot and a transaction number, held for so long.
#[derive(Clone, Copy, Debug)]
pub struct Held(Duration);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a transaction with a number and a snapshot stays open for {:?}", self.0)
    }
}

impl Drill for OldTransaction {
    const NAME: &'static str = "old_transaction";
    const ABOUT: &'static str = "a transaction is left open for a minute beside the appender";
    type Fault = Held;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Held>> {
        vec![Scheduled {
            after: Duration::from_millis(random.random_range(100..500)),
            fault: Held(form.pick(Duration::from_secs(4), Duration::from_secs(60))),
            recovers: true,
        }]
    }

    async fn inject(&mut self, world: &mut World, held: &Held) -> anyhow::Result<()> {
        let mut session = PgConnection::connect(&world.postgres.url()).await?;
        session.execute("begin isolation level repeatable read").await?;
        session.execute("select pg_current_xact_id(), (select max(position) from log.event)").await?;
        let begun = Instant::now();
        while begun.elapsed() < held.0 {
            // All the time commands are taken, published and read.
            recovered(world).await.context("beside an open transaction")?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        session.execute("rollback").await?;
        Ok(())
    }
}
