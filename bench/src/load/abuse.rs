//! Clients that mean no good: a bounded number of them, for a bounded time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, sleep_until};

use super::{Abuse, Done};
use crate::http::Connection;

/// How often a slow client sends a byte.
const DROP: Duration = Duration::from_secs(1);
/// How often a slow reader takes something, and how many bytes.
const SIP: (Duration, usize) = (Duration::from_millis(100), 1_024);

pub(super) async fn run(load: Abuse) -> anyhow::Result<Done> {
    let begun = Instant::now();
    let until = begun + Duration::from_millis(load.milliseconds);
    let slow = load.slow.iter().cycle().take(load.slow_connections).zip(0..);
    // Strangers do not send in step: their bytes are spread over the second.
    let apart = DROP / u32::try_from(load.slow_connections.max(1))?;
    let address = &load.address;
    let slow = try_join_all(slow.map(|(beginning, turn)| async move {
        sleep_until((begun + apart * turn).into()).await;
        drop_by_drop(address, beginning, until).await
    }));
    let sips = try_join_all((0..load.readers).map(|_| sip(&load, until)));
    let (_, _, done) = tokio::try_join!(slow, sips, refused(&load, until))?;
    Ok(Done { done, seconds: begun.elapsed().as_secs_f64(), ..Done::default() })
}

/// A request that never comes to its end. The server may hang up; then there is a new one.
async fn drop_by_drop(address: &str, beginning: &str, until: Instant) -> anyhow::Result<()> {
    let mut drops = interval(DROP);
    while Instant::now() < until {
        let mut stream = TcpStream::connect(address).await.context("a slow client cannot connect")?;
        stream.write_all(beginning.as_bytes()).await?;
        while Instant::now() < until && stream.write_all(b"a").await.is_ok() {
            drops.tick().await;
        }
    }
    Ok(())
}

/// A transfer that is taken sip by sip.
async fn sip(load: &Abuse, until: Instant) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(&load.address).await.context("a slow reader cannot connect")?;
    stream.write_all(load.read.as_bytes()).await?;
    let (mut sips, mut taken) = (interval(SIP.0), vec![0; SIP.1]);
    let mut first = true;
    while Instant::now() < until {
        let length = stream.read(&mut taken).await?;
        ensure!(length > 0, "a transfer was over too early");
        ensure!(!first || taken.starts_with(b"HTTP/1.1 200"), "a transfer was refused");
        first = false;
        sips.tick().await;
    }
    Ok(())
}

/// Requests that are refused, each on a connection of its own. Tells how many there were.
async fn refused(load: &Abuse, until: Instant) -> anyhow::Result<u64> {
    let (begun, mut done) = (Instant::now(), 0);
    let apart = Duration::from_secs(1) / load.per_second;
    for ((request, status), turn) in load.refused.iter().cycle().zip(0..) {
        let due = begun + apart * turn;
        if due > until {
            break;
        }
        sleep_until(due.into()).await;
        let answered = Connection::open(&load.address).await?.status(request.as_bytes()).await?.0;
        ensure!(answered == *status, "what should be refused with {status} was answered with {answered}");
        done += 1;
    }
    Ok(done)
}
