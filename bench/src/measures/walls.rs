//! What it costs that users can be shut out within a second: their tokens, beside tokens that belong to no session.

use std::time::Duration;

use domain::TenantId;
use futures::future::{FutureExt as _, LocalBoxFuture};
use uuid::Uuid;

use super::Measure;
use super::http_command::{capture, caught_up};
use crate::bench::Bench;
use crate::http::{Connection, request};
use crate::load::FlatOut;
use crate::outcome::{Bar, Row};
use crate::process::{Access, Crm};
use crate::rounds::alternate;

/// Keep-alive connections of the reads.
const CONNECTIONS: usize = 16;
/// What is read.
const LIST: &str = "/api/v1/leads?page_size=20";

/// Commands and reads of somebody who is signed in.
pub struct Walls;

impl Measure for Walls {
    fn name(&self) -> &'static str {
        "walls"
    }

    fn about(&self) -> &'static str {
        "commands and reads of users who are signed in, beside tokens that nobody can end"
    }

    fn run<'a>(&'a self, bench: &'a Bench) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>> {
        async move {
            let place = bench.servers.place(self.name()).await?;
            let free = Access::of(TenantId::from_uuid(Uuid::now_v7()))?;
            let user = free.of_a_user()?;
            let commands = Crm::start(&bench.options, "command-api", &place, &free).await?;
            let command = async |access: &Access, turn| capture(&commands.address, access, turn).rate().await;
            let captured = beside(bench, &user, &free, command).await?;
            commands.stop().await?;
            let all = Crm::start(&bench.options, "serve", &place, &free).await?;
            caught_up(&place).await?;
            // Kept from here on, for both.
            let ask = request("GET", LIST, &free.token, &[], "");
            Connection::open(&all.address).await?.exchange(ask.as_bytes()).await?;
            let read = async |access: &Access, turn| list(&all.address, access, turn).rate().await;
            let listed = beside(bench, &user, &free, read).await?;
            all.stop().await?;
            bench.servers.clear(place).await?;
            let (reference, bar) = ("a token without a session", Bar::Percent(85.0));
            Ok(vec![
                Row::compared("HTTP command of a signed-in user", "commands/s", reference, captured, bar)
                    .noting(NOTE),
                Row::compared("read of a signed-in user, unchanged", "reads/s", reference, listed, bar)
                    .noting(READS),
            ])
        }
        .boxed_local()
    }
}

const NOTE: &str = "Leads are captured through `crm command-api`, 64 connections. With each request of a user it is asked whether their \
    session has ended or their rights have changed; meanwhile the process reads the log for that, five times a second.";
const READS: &str = "A list of 20 leads through `crm serve`, 16 connections, answered from what is kept.";

/// How fast it goes with the one token and with the other, by turns.
async fn beside(
    bench: &Bench,
    user: &Access,
    free: &Access,
    rate: impl AsyncFn(&Access, Duration) -> anyhow::Result<f64>,
) -> anyhow::Result<crate::rounds::Pair> {
    rate(user, bench.options.warm_up()).await?;
    rate(free, bench.options.warm_up()).await?;
    let turn = bench.options.turn();
    alternate(bench.options.rounds, async || rate(user, turn).await, async || rate(free, turn).await).await
}

fn list(address: &str, access: &Access, turn: Duration) -> FlatOut {
    FlatOut {
        address: address.to_owned(),
        connections: CONNECTIONS,
        milliseconds: u64::try_from(turn.as_millis()).unwrap_or(u64::MAX),
        request: request("GET", LIST, &access.token, &[], ""),
        spelled: None,
        cache: Some("hit".to_owned()),
    }
}
