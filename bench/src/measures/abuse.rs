//! What others notice of clients that mean no good.

use std::time::Duration;

use anyhow::bail;
use event_store::read;
use futures::future::{FutureExt as _, LocalBoxFuture};
use projections::registry;
use tokio::time::{Instant, sleep};

use super::Measure;
use super::reads::{Misses, list};
use crate::bench::Bench;
use crate::http::request;
use crate::load::{Abuse, Done, Load};
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::rounds::alternate;
use crate::servers::Place;
use crate::statistics::percentile;
use crate::workload::history::{self, Spread};

/// Ordinary reads per second, and the connections over which they come.
const RATE: u32 = 200;
const CONNECTIONS: usize = 16;
/// Milliseconds by which the last of them may be late; more, and the rate was another one.
const LATE: f64 = 1_000.0;
/// Connections that send drop by drop.
const SLOW: usize = 500;
/// Requests per second that are refused.
const REFUSED: u32 = 100;
/// Exports that are taken sip by sip.
const READERS: usize = 4;
/// What the abuse begins before the reads, and ends after them.
const MARGIN: Duration = Duration::from_secs(1);
/// How long the read models may take to fold the log.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ordinary reads beside abuse, and without it.
pub struct Abused;

impl Measure for Abused {
    fn name(&self) -> &'static str {
        "abuse"
    }

    fn about(&self) -> &'static str {
        "reads at a fixed rate while others send drop by drop, send what is refused, and take nothing"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let more = i64::try_from(bench.options.amount(4, 0))?;
            let tenant = history::fill(&place, more, Spread::OneTenant).await?;
            let access = Access::of(tenant)?;
            let crm = Crm::start(&bench.options, "serve", &place, &access).await?;
            folded(&place).await?;
            let question = list();
            let (mut beside, mut alone) = (Misses::new(&access, &question), Misses::new(&access, &question));
            let turn = bench.options.turn() * 2;
            let abuse = Load::Abuse(abuse(&crm.address, &access, turn + MARGIN * 2));
            p99(&mut alone, &crm, bench.options.warm_up()).await?;
            let pair = alternate(
                bench.options.rounds,
                async || {
                    let reads = async {
                        sleep(MARGIN).await;
                        p99(&mut beside, &crm, turn).await
                    };
                    let (Done { done, .. }, found) = tokio::try_join!(abuse.run(), reads)?;
                    anyhow::ensure!(done > 0, "there was no abuse");
                    Ok(found)
                },
                async || p99(&mut alone, &crm, turn).await,
            )
            .await?;
            crm.stop().await?;
            bench.servers.clear(place).await?;
            let row = Row::compared("reads beside abuse, p99", "ms", "without", pair, Bar::AtMostTimes(2.0));
            Ok(vec![row.noting(note())])
        }
        .boxed_local()
    }
}

fn note() -> String {
    format!(
        "A list of 20, a miss each time, {RATE} times a second, through `crm serve`. The abuse comes from a process of its own: \
         {SLOW} connections that send headers and bodies drop by drop; {REFUSED} requests a second that are refused (JSON \
         nested 100,000 deep, 10,000 filters, huge pages); {READERS} exports that are taken at 10 KiB a second. It takes its \
         share of the same processors."
    )
}

/// Waits until every read model has folded the log.
async fn folded(place: &Place) -> anyhow::Result<()> {
    let (mut owner, begun) = (place.owner().await?, Instant::now());
    let head = read::head(&mut owner).await?;
    let there = "select count(*) from read_model.checkpoint where position >= $1";
    let all = i64::try_from(registry().len())?;
    while begun.elapsed() < PATIENCE {
        if sqlx::query_scalar::<_, i64>(there).bind(head).fetch_one(&mut owner).await? == all {
            sqlx::raw_sql("vacuum analyze").execute(&mut owner).await?;
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("the read models have not folded the log after {} s", PATIENCE.as_secs())
}

/// Milliseconds that one of a hundred reads exceeds.
async fn p99(reads: &mut Misses<'_>, crm: &Crm, turn: Duration) -> anyhow::Result<f64> {
    let load = Load::Paced(reads.paced(&crm.address, turn, CONNECTIONS, RATE));
    let Done { answered_after, late, .. } = load.run().await?;
    anyhow::ensure!(late < LATE, "the last read was {late:.0} ms late: the rate was not reached");
    Ok(percentile(&answered_after, 0.99))
}

fn abuse(address: &str, access: &Access, time: Duration) -> Abuse {
    let token = &access.token;
    let get = |target: &str| request("GET", target, token, &[], "");
    let body = request("POST", "/api/v1/leads", token, &[], &"a".repeat(1_000));
    let half = |text: &str, cut: usize| text[..text.len() - cut].to_owned();
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let filters = format!("/api/v1/opportunities?{}", "filter[name]=a&".repeat(10_000));
    Abuse {
        address: address.to_owned(),
        milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        slow: vec![half(&get("/api/v1/leads"), 2), half(&body, 1_000)],
        slow_connections: SLOW,
        refused: vec![
            (request("POST", "/api/v1/leads", token, &[], &deep), 400),
            (get(&filters), 431),
            (get("/api/v1/opportunities?page_size=1000000000"), 422),
            (get("/api/v1/opportunities?page=1000000000"), 422),
        ],
        per_second: REFUSED,
        read: request("GET", "/api/v1/audit/events", token, &[("accept", "application/x-ndjson")], ""),
        readers: READERS,
    }
}
