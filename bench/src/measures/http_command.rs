//! Commands over HTTP: token checked, body read, decided, durable.

use std::time::{Duration, Instant};

use domain::TenantId;
use futures::future::{FutureExt as _, LocalBoxFuture};
use tokio::time::sleep;
use uuid::Uuid;

use super::Measure;
use crate::bench::Bench;
use crate::http::request;
use crate::load::FlatOut;
use crate::outcome::{Bar, Row};
use crate::process::bare::{Bare, Handler};
use crate::process::{Access, Crm};
use crate::rounds::alternate;
use crate::servers::Place;
use crate::workload::LEAD;

/// Keep-alive connections, for every row here.
pub const CONNECTIONS: usize = 64;
/// How often it is looked whether the read models have caught up, and for how long.
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(600);

/// Leads captured through the API.
pub struct HttpCommands;

impl Measure for HttpCommands {
    fn name(&self) -> &'static str {
        "http-command"
    }

    fn about(&self) -> &'static str {
        "commands over HTTP, beside a bare handler that checks the token and reads the JSON"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let access = Access::of(TenantId::from_uuid(Uuid::now_v7()))?;
            let bare = Bare::start(&Handler::Parse { public_pem: access.public_pem.clone() }).await?;
            let alone = beside_bare(bench, &place, &access, &bare, "command-api").await?;
            let together = beside_bare(bench, &place, &access, &bare, "serve").await?;
            bench.servers.clear(place).await?;
            let reference = "bare axum";
            Ok(vec![
                Row::compared(
                    "HTTP command, 64 connections",
                    "commands/s",
                    reference,
                    alone,
                    Bar::Percent(30.0),
                )
                .noting(NOTE),
                Row::compared(
                    "the same, with relay and projections",
                    "commands/s",
                    reference,
                    together,
                    Bar::Percent(15.0),
                )
                .noting(TOGETHER),
            ])
        }
        .boxed_local()
    }
}

const NOTE: &str = "Leads are captured through `crm command-api`, without an `Idempotency-Key`. The bare handler runs in a \
    process of its own as well, checks the same token with the same code, and reads the same body into the same type.";
const TOGETHER: &str = "The same through `crm serve`, which at the same time relays and folds what is captured. Before \
    the bare handler's turn its read models catch up.";

/// Clients that capture leads one after the other.
pub fn capture(address: &str, access: &Access, turn: Duration) -> FlatOut {
    FlatOut {
        address: address.to_owned(),
        connections: CONNECTIONS,
        milliseconds: u64::try_from(turn.as_millis()).unwrap_or(u64::MAX),
        request: request("POST", "/api/v1/leads", &access.token, &[], LEAD),
        spelled: None,
        cache: None,
    }
}

async fn beside_bare(
    bench: &Bench,
    place: &Place,
    access: &Access,
    bare: &Bare,
    role: &str,
) -> anyhow::Result<crate::rounds::Pair> {
    let crm = Crm::start(&bench.options, role, place, access).await?;
    let turn = bench.options.turn();
    let ours = async |turn| {
        let rate = capture(&crm.address, access, turn).rate().await?;
        if role == "serve" {
            caught_up(place).await?;
        }
        anyhow::Ok(rate)
    };
    ours(bench.options.warm_up()).await?;
    capture(&bare.address, access, bench.options.warm_up()).rate().await?;
    let pair = alternate(
        bench.options.rounds,
        async || ours(turn).await,
        async || capture(&bare.address, access, turn).rate().await,
    )
    .await?;
    crm.stop().await?;
    Ok(pair)
}

/// Waits until every read model has folded the whole log.
pub async fn caught_up(place: &Place) -> anyhow::Result<()> {
    let mut owner = place.owner().await?;
    let begun = Instant::now();
    loop {
        let behind: bool = sqlx::query_scalar(
            "select count(*) < $1 or min(position) < (select position from log.head) from read_model.checkpoint",
        )
        .bind(i64::try_from(projections::registry().len())?)
        .fetch_one(&mut owner)
        .await?;
        if !behind {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the read models do not catch up");
        sleep(LOOK).await;
    }
}
