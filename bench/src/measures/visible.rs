//! From a command's answer until others see what it wrote.

use domain::TenantId;
use futures::future::{FutureExt as _, LocalBoxFuture};
use uuid::Uuid;

use super::Measure;
use crate::bench::Bench;
use crate::http::request;
use crate::load::{Done, FixedRate, Load};
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::statistics::percentile;
use crate::workload::LEAD;

/// Commands per second.
const RATE: u32 = 1_000;
/// Connections over which they come.
const CONNECTIONS: usize = 64;
/// One command in so many is read.
const READ_EACH: u32 = 4;
/// Milliseconds by which the last command may be late; more, and the rate was another one.
const LATE: f64 = 1_000.0;

/// Commands at a fixed rate, and reads that wait for them.
pub struct Visible;

impl Measure for Visible {
    fn name(&self) -> &'static str {
        "visible"
    }

    fn about(&self) -> &'static str {
        "from the commit of a command until its read model shows it, at 1,000 commands/s"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let access = Access::of(TenantId::from_uuid(Uuid::now_v7()))?;
            let crm = Crm::start(&bench.options, "serve", &place, &access).await?;
            let turn = bench.options.turn() * 2;
            let load = Load::FixedRate(FixedRate {
                address: crm.address.clone(),
                connections: CONNECTIONS,
                milliseconds: u64::try_from(turn.as_millis())?,
                per_second: RATE,
                command: request("POST", "/api/v1/leads", &access.token, &[], LEAD),
                read: request(
                    "GET",
                    "/api/v1/leads/{id}",
                    &access.token,
                    &[("X-Min-Position", "{position}")],
                    "",
                ),
                read_each: READ_EACH,
            });
            load.run().await?;
            let (mut p99, mut median) = (Vec::new(), Vec::new());
            for _ in 0..bench.options.rounds {
                let Done { visible_after, late, .. } = load.run().await?;
                anyhow::ensure!(
                    late < LATE,
                    "the last command was {late:.0} ms late: the rate was not reached"
                );
                p99.push(percentile(&visible_after, 0.99));
                median.push(percentile(&visible_after, 0.5));
            }
            crm.stop().await?;
            bench.servers.clear(place).await?;
            let row = Row::alone("commit to visible, p99 at 1,000 commands/s", "ms", p99, Bar::AtMost(50.0));
            Ok(vec![row.noting(note(crate::statistics::median(&median)))])
        }
        .boxed_local()
    }
}

fn note(median: f64) -> String {
    format!(
        "Leads are captured through `crm serve` at a fixed rate. One in {READ_EACH} is read with `X-Min-Position` as soon as \
         its command is answered; the time is from that answer to the answer of the read, which shows it. Their median \
         is {median:.1} ms."
    )
}
