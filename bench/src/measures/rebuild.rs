//! A read model, filled anew from the log.

use std::time::Instant;

use event_store::read;
use futures::future::{FutureExt as _, LocalBoxFuture};
use projections::rebuild::{Then, rebuild};
use projections::{ReadModel, registry};

use super::Measure;
use crate::bench::Bench;
use crate::outcome::{Bar, Row};
use crate::references::copy::{self, Copied};
use crate::rounds::alternate;
use crate::servers::Place;
use crate::statistics::rate;
use crate::workload::history::{self, Spread};

/// From the first event of the log to the switch.
pub struct Rebuild;

impl Measure for Rebuild {
    fn name(&self) -> &'static str {
        "rebuild"
    }

    fn about(&self) -> &'static str {
        "a rebuild from the log, beside COPY of the same rows"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            history::fill(&place, i64::try_from(bench.options.amount(9, 0))?, Spread::OneTenant).await?;
            let events = read::head(&mut place.owner().await?).await?;
            let mut rows = Vec::new();
            for model in registry() {
                if ["sales_opportunity_list", "sales_history"].contains(&model.name()) {
                    rows.push(beside_copy(bench, &place, &model, events).await?);
                }
            }
            bench.servers.clear(place).await?;
            Ok(rows)
        }
        .boxed_local()
    }
}

async fn beside_copy(bench: &Bench, place: &Place, model: &ReadModel, events: i64) -> anyhow::Result<Row> {
    // The first fills the live read model, whose rows are then copied, and compared with each further rebuild.
    caught_up(place, model, events).await?;
    filled(place, model, Then::Switch).await?;
    let copied = Copied::of(place, model.name()).await?;
    copy::copy(place, &copied).await?;
    let per_second = |seconds: f64| rate(events.unsigned_abs(), seconds);
    let pair = alternate(
        bench.options.few_rounds(),
        async || filled(place, model, Then::Discard).await.map(per_second),
        async || copy::copy(place, &copied).await.map(per_second),
    )
    .await?;
    let title = format!("rebuild of `{}`", model.name());
    let row =
        Row::compared(&title, "events/s", "`COPY`", pair, Bar::Percent(30.0)).and(Bar::AtLeast(60_000.0));
    Ok(row.noting(format!(
        "{events} events of the log, half of them of deals and half of leads, become {} rows, which are compared with the \
         live ones, as `crm rebuild --check` does. `COPY` brings the same rows into an empty table with the same columns \
         and indexes; its rate too is of the log's events, so that the ratio is that of the times.",
        copied.rows()
    )))
}

/// Tells the read model that it has folded the log, so that a rebuild goes that far.
async fn caught_up(place: &Place, model: &ReadModel, position: i64) -> anyhow::Result<()> {
    sqlx::query(
        "insert into read_model.checkpoint (view, position) values ($1, $2)
         on conflict (view) do update set position = excluded.position",
    )
    .bind(model.name())
    .bind(position)
    .execute(&mut place.owner().await?)
    .await?;
    Ok(())
}

/// Seconds that a rebuild takes. Its result must be that of the live read model.
async fn filled(place: &Place, model: &ReadModel, then: Then) -> anyhow::Result<f64> {
    let mut owner = place.owner().await?;
    sqlx::raw_sql("checkpoint").execute(&mut owner).await?;
    let begun = Instant::now();
    let found = rebuild(&mut owner, model, event_store::fixtures::upcasters(), then, |_| {}).await?;
    let elapsed = begun.elapsed().as_secs_f64();
    let differing = if then == Then::Discard { found.differing } else { 0 };
    anyhow::ensure!(differing == 0 && found.parked == 0, "the rebuild differs from the live rows: {found:?}");
    Ok(elapsed)
}
