//! Requests that come at their times, and how long each takes.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::time::sleep_until;

use super::flat_out::Requests;
use super::{Done, Paced, check};
use crate::http::Connection;

pub(super) async fn run(load: Paced) -> anyhow::Result<Done> {
    let opened = try_join_all((0..load.connections).map(|_| Connection::open(&load.address))).await?;
    let requests = Requests::new(&load.request, load.spelled.clone());
    let begun = Instant::now();
    let clients = opened.into_iter().enumerate();
    let clients = clients.map(|(number, connection)| one(&load, &requests, begun, number, connection));
    let mut all = Done::default();
    for (answered_after, late) in try_join_all(clients).await? {
        all.done += u64::try_from(answered_after.len())?;
        all.answered_after.extend(answered_after);
        all.late = all.late.max(late);
    }
    all.seconds = begun.elapsed().as_secs_f64();
    Ok(all)
}

/// Every request whose turn it is on this connection. Its time counts from when it was due, so that one that has to wait
/// for a late answer before it is late as well.
async fn one(
    load: &Paced,
    requests: &Requests,
    begun: Instant,
    number: usize,
    mut connection: Connection,
) -> anyhow::Result<(Vec<f64>, f64)> {
    let (mut answered_after, mut late, mut bytes) = (Vec::new(), 0.0, Vec::new());
    let apart = Duration::from_secs(1) / load.per_second;
    for request in (u32::try_from(number)?..).step_by(load.connections) {
        let due = begun + apart * request;
        if due > begun + Duration::from_millis(load.milliseconds) {
            break;
        }
        sleep_until(due.into()).await;
        late = due.elapsed().as_secs_f64() * 1e3;
        requests.next(&mut bytes);
        check(connection.status(&bytes).await?.0)?;
        answered_after.push(due.elapsed().as_secs_f64() * 1e3);
    }
    Ok((answered_after, late))
}
