//! Whether a log that has grown makes anything slower.

use futures::future::{FutureExt as _, LocalBoxFuture};

use super::Measure;
use super::reads::{Misses, fold, list};
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::rounds::{all_act, alternate};
use crate::servers::Place;
use crate::workload::Salesperson;
use crate::workload::history::{self, Spread};

/// Clients in process that append.
const CLIENTS: usize = 64;

/// Appends and lists, in a log of ten thousand events and in larger ones.
pub struct Growth;

/// A log of a size, and a token of one of its tenants.
struct Log {
    place: Place,
    access: Access,
    events: i64,
}

impl Measure for Growth {
    fn name(&self) -> &'static str {
        "growth"
    }

    fn about(&self) -> &'static str {
        "appends and lists in a log of 1 million events (with --full, 5 million too), beside 10 thousand"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let small = log(bench, 0).await?;
            let mut rows = Vec::new();
            let sizes: &[i64] = match (bench.options.quick, bench.options.full) {
                (true, _) => &[1],
                (false, false) => &[99],
                (false, true) => &[99, 499],
            };
            for more in sizes {
                let large = log(bench, *more).await?;
                rows.push(lists(bench, &small, &large).await?);
                rows.push(appends(bench, &small, &large).await?);
                bench.servers.clear(large.place).await?;
            }
            bench.servers.clear(small.place).await?;
            Ok(rows)
        }
        .boxed_local()
    }
}

async fn log(bench: &Bench, more: i64) -> anyhow::Result<Log> {
    let place = bench.servers.place(&format!("growth-{more}")).await?;
    let tenant = history::fill(&place, more, Spread::Tenants).await?;
    fold(&place).await?;
    Ok(Log { place, access: Access::of(tenant)?, events: (more + 1) * history::EVENTS })
}

async fn lists(bench: &Bench, small: &Log, large: &Log) -> anyhow::Result<Row> {
    let serve = async |log: &Log| Crm::start(&bench.options, "query-api", &log.place, &log.access).await;
    let (few, many) = (serve(small).await?, serve(large).await?);
    let question = list();
    let (mut of_few, mut of_many) =
        (Misses::new(&small.access, &question), Misses::new(&large.access, &question));
    of_few.rate(&few.address, bench.options.warm_up()).await?;
    of_many.rate(&many.address, bench.options.warm_up()).await?;
    let turn = bench.options.turn();
    let pair = alternate(
        bench.options.rounds,
        async || of_many.rate(&many.address, turn).await,
        async || of_few.rate(&few.address, turn).await,
    )
    .await?;
    few.stop().await?;
    many.stop().await?;
    let note = format!(
        "The first page of 20 of a tenant's 1,000 deals, a miss each time, beside the same of a log of {} events. The larger \
         log holds {} tenants of the same size.",
        small.events,
        large.events / history::EVENTS
    );
    Ok(row("list", large, "reads/s", pair).noting(note))
}

async fn appends(bench: &Bench, small: &Log, large: &Log) -> anyhow::Result<Row> {
    let mut few = Salesperson::team(&small.place, CLIENTS)?;
    let mut many = Salesperson::team(&large.place, CLIENTS)?;
    all_act(&mut few, bench.options.warm_up()).await?;
    all_act(&mut many, bench.options.warm_up()).await?;
    let turn = bench.options.turn();
    let pair = alternate(
        bench.options.rounds,
        async || all_act(&mut many, turn).await,
        async || all_act(&mut few, turn).await,
    )
    .await?;
    let note = format!(
        "64 clients in process, as above, beside the same in a log that began with {} events.",
        small.events
    );
    Ok(row("append", large, "commands/s", pair).noting(note))
}

fn row(what: &str, large: &Log, unit: &'static str, pair: crate::rounds::Pair) -> Row {
    let title = format!("{what}, log of {:.2} million events", rounded(large.events));
    Row::compared(&title, unit, "10 thousand events", pair, Bar::Percent(80.0))
}

/// In millions.
#[expect(clippy::cast_precision_loss, reason = "only shown")]
fn rounded(events: i64) -> f64 {
    events as f64 / 1e6
}
