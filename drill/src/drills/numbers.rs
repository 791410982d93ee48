//! `kill -9` of command APIs while many clients issue invoices in a few series: numbers have neither gap nor double.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rand::Rng;
use rand::rngs::StdRng;

use super::{Drill, Scheduled};
use crate::layout::{Layout, Work};
use crate::settings::Form;
use crate::world::World;

/// How long it may take until so many invoices are issued.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often they are counted.
const POLL: Duration = Duration::from_millis(50);

const NAMES: [&str; 2] = ["command-api-1", "command-api-2"];

/// Numbers that one command API draws, or two.
#[derive(Default)]
pub struct Numbers<const APIS: usize>;

/// Who is killed, and once how many invoices are issued.
#[derive(Clone, Copy, Debug)]
pub struct Killed {
    name: &'static str,
    after: i64,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kill -9 {} once {} invoices are issued", self.name, self.after)
    }
}

impl<const APIS: usize> Drill for Numbers<APIS> {
    const NAME: &'static str = if APIS == 1 { "numbers" } else { "numbers_of_two" };
    const ABOUT: &'static str = if APIS == 1 {
        "kill -9 of the command API while 32 clients issue invoices in 3 series"
    } else {
        "the same, with two command APIs that draw numbers of the same series"
    };
    type Fault = Killed;

    fn layout() -> Layout {
        Layout { work: Work::Issuing, command_apis: APIS, ..Layout::default() }
    }

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Killed>> {
        let (kills, invoices) = form.pick((3, 40_i64), (10, 500));
        let kill = |number: i64| Scheduled {
            after: Duration::ZERO,
            fault: Killed { name: NAMES[random.random_range(0..APIS)], after: number * invoices },
            recovers: true,
        };
        (1..=kills).map(kill).collect()
    }

    async fn inject(&mut self, world: &mut World, Killed { name, after }: &Killed) -> anyhow::Result<()> {
        let begun = Instant::now();
        while issued(world).await? < *after {
            ensure!(begun.elapsed() < PATIENCE, "{after} invoices are not issued after {PATIENCE:?}");
            tokio::time::sleep(POLL).await;
        }
        world.services.get(*name).context("no such service")?.kill();
        Ok(())
    }
}

async fn issued(world: &World) -> anyhow::Result<i64> {
    let count = "select count(*) from log.event where event_type = 'invoice.issued'";
    Ok(sqlx::query_scalar(count).fetch_one(&world.pool).await?)
}
