//! Requests of which each is sent once.

use std::cell::Cell;
use std::time::Instant;

use futures::future::try_join_all;

use super::{Done, Listed, check};
use crate::http::Connection;

pub(super) async fn run(load: Listed) -> anyhow::Result<Done> {
    let Listed { address, connections, requests } = load;
    let opened = try_join_all((0..connections).map(|_| Connection::open(&address))).await?;
    let next = Cell::new(0);
    let begun = Instant::now();
    try_join_all(opened.into_iter().map(async |mut connection| {
        while let Some(request) = requests.get(next.replace(next.get() + 1)) {
            check(connection.status(request.as_bytes()).await?.0)?;
        }
        anyhow::Ok(())
    }))
    .await?;
    let done = u64::try_from(requests.len())?;
    Ok(Done { done, seconds: begun.elapsed().as_secs_f64(), ..Done::default() })
}
