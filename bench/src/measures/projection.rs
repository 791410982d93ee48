//! All read models of sales, folding live from the stream.

use std::time::{Duration, Instant};

use event_store::relay::Relay;
use event_store::{Duty, connect, read};
use futures::future::{FutureExt as _, LocalBoxFuture};
use projections::{registry, runner};
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Measure;
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::references::upsert::{self, Written};
use crate::rounds::alternate;
use crate::servers::Place;
use crate::statistics::rate;
use crate::workload::history::{self, Spread};

/// Connections of the projections' pool, as many as `crm` gives it.
const CONNECTIONS: u32 = 12;
/// How often the checkpoints are looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long a round may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// From empty read models and a full stream to the head of the log.
pub struct Projections;

impl Measure for Projections {
    fn name(&self) -> &'static str {
        "projection"
    }

    fn about(&self) -> &'static str {
        "all read models of sales following the stream, beside one stream of upserts of the same rows"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            history::fill(&place, i64::try_from(bench.options.amount(4, 0))?, Spread::OneTenant).await?;
            let relay = relay(&place).await?;
            let events = read::head(&mut place.owner().await?).await?;
            fold(&place).await?;
            let written = upsert::written(&place).await?;
            upsert::write(&place, &written).await?;
            let seconds = |seconds: f64| rate(events.unsigned_abs(), seconds);
            let pair = alternate(
                bench.options.rounds,
                async || fold(&place).await.map(seconds),
                async || upsert::write(&place, &written).await.map(seconds),
            )
            .await?;
            drop(relay);
            bench.servers.clear(place).await?;
            let title = "projection, live, all read models";
            let row = Row::compared(title, "events/s", "upserts", pair, Bar::Percent(40.0));
            Ok(vec![row.noting(note(events, &written))])
        }
        .boxed_local()
    }
}

fn note(events: i64, written: &Written) -> String {
    format!(
        "All {} read models follow a stream that holds {events} events, from nothing until the last of them has reached its \
         end. The upserts write the same rows as often, {} in all, one read model after the other, {} a statement and a \
         transaction, over one connection.",
        registry().len(),
        written.count(),
        upsert::BATCH
    )
}

/// A relay that has published the whole log.
async fn relay(place: &Place) -> anyhow::Result<JoinSet<()>> {
    let jetstream = async_nats::jetstream::new(place.nats().await?);
    let mut owner = place.owner().await?;
    let head = read::head(&mut owner).await?;
    let relay = Relay {
        database_url: place.database_url.clone(),
        jetstream: jetstream.clone(),
        names: place.names(),
        replicas: 1,
        appended: std::sync::Arc::default(),
    };
    let mut running = JoinSet::new();
    running.spawn(relay.run());
    let begun = Instant::now();
    loop {
        let stream = jetstream.get_stream(place.names().stream()).await;
        if stream.is_ok_and(|stream| stream.cached_info().state.last_sequence >= head.unsigned_abs()) {
            return Ok(running);
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the relay does not catch up");
        sleep(LOOK).await;
    }
}

/// Seconds until every read model has folded the whole log, beginning with none.
async fn fold(place: &Place) -> anyhow::Result<f64> {
    let mut owner = place.owner().await?;
    let head = read::head(&mut owner).await?;
    for model in registry() {
        sqlx::raw_sql(&format!("truncate read_model.{}", model.name())).execute(&mut owner).await?;
    }
    sqlx::raw_sql("delete from read_model.checkpoint; checkpoint").execute(&mut owner).await?;
    let pool = connect(&place.database_url, Duty::Projector, CONNECTIONS)?;
    let client = place.nats().await?;
    let begun = Instant::now();
    let mut running = runner::start_all(&pool, client, place.names(), event_store::fixtures::upcasters());
    while folded(&mut owner).await? < head {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the projections do not catch up");
        sleep(LOOK).await;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    running.shutdown().await;
    pool.close().await;
    Ok(elapsed)
}

/// The position that all read models have reached.
async fn folded(owner: &mut PgConnection) -> anyhow::Result<i64> {
    let (views, position): (i64, Option<i64>) =
        sqlx::query_as("select count(*), min(position) from read_model.checkpoint").fetch_one(owner).await?;
    let all = usize::try_from(views)? == registry().len();
    Ok(position.filter(|_| all).unwrap_or(0))
}
