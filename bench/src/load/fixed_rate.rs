//! Commands that come at their times, and how soon others see what they wrote.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::sleep_until;

use super::{Done, FixedRate, check};
use crate::http::Connection;

pub(super) async fn run(load: FixedRate) -> anyhow::Result<Done> {
    let opened = try_join_all((0..load.connections).map(|_| Connection::open(&load.address))).await?;
    let begun = Instant::now();
    let clients =
        opened.into_iter().enumerate().map(|(number, connection)| one(&load, begun, number, connection));
    let mut all = Done::default();
    for done in try_join_all(clients).await? {
        all.done += done.done;
        all.visible_after.extend(done.visible_after);
        all.late = all.late.max(done.late);
    }
    all.seconds = begun.elapsed().as_secs_f64();
    Ok(all)
}

/// Every command whose turn it is on this connection.
async fn one(
    load: &FixedRate,
    begun: Instant,
    number: usize,
    mut connection: Connection,
) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let apart = Duration::from_secs(1) / load.per_second;
    for command in (u32::try_from(number)?..).step_by(load.connections) {
        let due = begun + apart * command;
        if due > begun + Duration::from_millis(load.milliseconds) {
            break;
        }
        sleep_until(due.into()).await;
        done.late = due.elapsed().as_secs_f64() * 1e3;
        let answer = connection.exchange(load.command.as_bytes()).await?;
        let answered = Instant::now();
        check(answer.status)?;
        done.done += 1;
        if command % load.read_each == 0 {
            let position = answer.position.context("a command was answered without a position")?;
            let body: Value = serde_json::from_slice(&answer.body)?;
            let id = body["data"]["id"].as_str().context("a command was answered without an id")?;
            let read = load.read.replace("{id}", id).replace("{position}", &position.to_string());
            let seen = connection.exchange(read.as_bytes()).await?;
            check(seen.status)?;
            let body: Value = serde_json::from_slice(&seen.body)?;
            anyhow::ensure!(body["meta"]["stale"] == false, "a read does not show what was written before");
            done.visible_after.push(answered.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(done)
}
