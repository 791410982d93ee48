//! What `crm serve` holds in memory after a million events, and how soon it is ready with them.

use futures::future::{FutureExt as _, LocalBoxFuture};

use super::Measure;
use super::http_command::{capture, caught_up};
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::servers::Place;
use crate::workload::history::{self, Spread};

/// Copies of the sample that make a million events.
const MORE: usize = 99;
/// Turns that the 64 clients have.
const TURNS: u32 = 4;

/// A process that relays and folds a million events, and serves 64 clients.
pub struct LargeLog;

impl Measure for LargeLog {
    fn name(&self) -> &'static str {
        "large-log"
    }

    fn about(&self) -> &'static str {
        "memory of `crm serve` after 1 million events and 64 clients, and its start with them"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let more = i64::try_from(bench.options.amount(MORE, 1))?;
            let tenant = history::fill(&place, more, Spread::Tenants).await?;
            let access = Access::of(tenant)?;
            let events = (more + 1) * history::EVENTS;
            let memory = memory(bench, &place, &access, events).await?;
            let start = start(bench, &place, &access, events).await?;
            bench.servers.clear(place).await?;
            Ok(vec![memory, start])
        }
        .boxed_local()
    }
}

async fn memory(bench: &Bench, place: &Place, access: &Access, events: i64) -> anyhow::Result<Row> {
    let crm = Crm::start(&bench.options, "serve", place, access).await?;
    caught_up(place).await?;
    let folded = crm.memory()?;
    for _ in 0..TURNS {
        capture(&crm.address, access, bench.options.turn()).rate().await?;
    }
    caught_up(place).await?;
    let after = crm.memory()?;
    crm.stop().await?;
    let note = format!(
        "One process of `crm serve` publishes {events} events of {} tenants to a new stream and folds them into all {} \
         read models ({:.0} MiB then); after that 64 clients capture leads through it for {} s ({:.0} MiB when its read models \
         have caught up). The figure is the most that it ever held.",
        events / history::EVENTS,
        projections::registry().len(),
        folded.now,
        (bench.options.turn() * TURNS).as_secs(),
        after.now,
    );
    let row = Row::alone(
        "memory of `crm serve`, 1 million events, 64 clients",
        "MiB",
        vec![after.most],
        Bar::AtMost(200.0),
    );
    Ok(row.noting(note))
}

async fn start(bench: &Bench, place: &Place, access: &Access, events: i64) -> anyhow::Result<Row> {
    let mut seconds = Vec::new();
    for _ in 0..bench.options.rounds {
        let crm = Crm::start(&bench.options, "serve", place, access).await?;
        seconds.push(crm.ready_after.as_secs_f64());
        crm.stop().await?;
    }
    let row = Row::alone("start of `crm serve` to ready, 1 million events", "s", seconds, Bar::AtMost(3.0));
    Ok(row.noting(format!(
        "From the start of the process until `/health/ready` answers 200, with {events} events and more in the log."
    )))
}
