//! The relay, catching up with a log that was appended while it was away.

use std::sync::Arc;
use std::time::Instant;

use event_store::relay::Relay;
use event_store::stream::position;
use futures::future::{FutureExt as _, LocalBoxFuture};
use tokio::sync::Notify;
use tokio::time::{Duration, sleep};

use super::Measure;
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::references::raw_publish;
use crate::rounds::alternate;
use crate::servers::Place;
use crate::statistics::rate;
use crate::workload::history::{self, Spread};

/// How often the stream is asked how long it is.
const LOOK: Duration = Duration::from_millis(5);
/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The relay's way from an empty stream to the head of the log.
pub struct RelayCatchUp;

impl Measure for RelayCatchUp {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn about(&self) -> &'static str {
        "the relay catching up, beside raw pipelined publishing of the same bytes"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            history::fill(&place, i64::try_from(bench.options.amount(9, 0))?, Spread::OneTenant).await?;
            // Also warms up the log, and shows which bytes to publish.
            catch_up(&place).await?;
            let sent = raw_publish::read(&place).await?;
            raw_publish::publish(&place, &sent).await?;
            let pair = alternate(
                bench.options.rounds,
                async || catch_up(&place).await,
                async || raw_publish::publish(&place, &sent).await,
            )
            .await?;
            bench.servers.clear(place).await?;
            let title = "relay, catching up";
            let row = Row::compared(title, "events/s", "raw publish", pair, Bar::Percent(60.0));
            Ok(vec![row.noting(note(sent.messages.len()))])
        }
        .boxed_local()
    }
}

fn note(events: usize) -> String {
    format!(
        "{events} events from the log into a new stream. Raw publish sends the same subjects and bytes from memory into a \
         stream of the same settings, without a fence, {} at a time without waiting for the acknowledgements.",
        raw_publish::WINDOW
    )
}

/// Events per second from the start of a relay until its new stream has them all.
async fn catch_up(place: &Place) -> anyhow::Result<f64> {
    place.drop_stream().await?;
    let jetstream = async_nats::jetstream::new(place.nats().await?);
    let mut owner = place.owner().await?;
    let head = event_store::read::head(&mut owner).await?;
    let begun = Instant::now();
    // The relay of the round before has left when its lock is free.
    while sqlx::query_scalar(
        "select exists (select from pg_locks where locktype = 'advisory' and database =
        (select oid from pg_database where datname = current_database()))",
    )
    .fetch_one(&mut owner)
    .await?
    {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "an earlier relay does not leave");
        sleep(LOOK).await;
    }
    let relay = Relay {
        database_url: place.database_url.clone(),
        jetstream: jetstream.clone(),
        names: place.names(),
        replicas: 1,
        appended: Arc::new(Notify::new()),
    };
    let begun = Instant::now();
    let running = tokio::spawn(relay.run());
    loop {
        let stream = jetstream.get_stream(place.names().stream()).await;
        if stream.is_ok_and(|stream| position(stream.cached_info().state.last_sequence) >= head) {
            break;
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the relay does not catch up");
        sleep(LOOK).await;
    }
    let elapsed = begun.elapsed().as_secs_f64();
    running.abort();
    // Its lock is free again before the next one starts.
    let _aborted = running.await;
    Ok(rate(u64::try_from(head)?, elapsed))
}
