//! Whether the system works again: a command to each API, relayed, and read back.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::world::World;

/// How long recovery may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often a state that nobody announces is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Returns when a new command to each command API was acknowledged, published, and can be read.
///
/// # Errors
/// That has not happened within [`PATIENCE`].
pub async fn recovered(world: &World) -> anyhow::Result<()> {
    let mut probe = world.client(0)?;
    let begun = Instant::now();
    let late = || begun.elapsed() > PATIENCE;
    let mut last = None;
    for api in 0..world.site.commands.len() {
        match probe.open_at(api, late).await? {
            Some(done) => last = Some(done),
            None => bail!("command-api-{} takes no command after {PATIENCE:?}", api + 1),
        }
    }
    let Some(last) = last else { return Ok(()) };
    while !probe.sees(&last).await {
        if late() {
            bail!("position {} cannot be read after {PATIENCE:?}", last.position);
        }
        tokio::time::sleep(POLL).await;
    }
    while last_sequence(world).await.is_none_or(|sequence| sequence < last.position) {
        if late() {
            bail!("position {} is not published after {PATIENCE:?}", last.position);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Returns when the stream and every read model have reached the head of the log.
///
/// # Errors
/// That has not happened within [`PATIENCE`].
pub async fn settled(world: &World) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let lag = lag(world).await;
        match lag {
            Ok(None) => return Ok(()),
            Ok(Some(lag)) if begun.elapsed() > PATIENCE => bail!("after {PATIENCE:?} {lag}"),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Ok(Some(_)) | Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// What is behind the log, if anything is.
async fn lag(world: &World) -> anyhow::Result<Option<String>> {
    let head: i64 =
        sqlx::query_scalar("select coalesce(max(position), 0) from log.event").fetch_one(&world.pool).await?;
    let views: Vec<(String, i64)> =
        sqlx::query_as("select view, position from read_model.checkpoint").fetch_all(&world.pool).await?;
    if let Some((view, at)) = views.iter().find(|(_, at)| *at != head) {
        return Ok(Some(format!("{view} is at {at}, the log at {head}")));
    }
    match last_sequence(world).await {
        Some(last) if last == head => Ok(None),
        Some(last) => Ok(Some(format!("the stream is at {last}, the log at {head}"))),
        None if head == 0 => Ok(None),
        None => Ok(Some(format!("there is no stream, the log is at {head}"))),
    }
}

/// The last sequence of the stream; none if there is no stream or no answer.
pub async fn last_sequence(world: &World) -> Option<i64> {
    let stream =
        tokio::time::timeout(Duration::from_secs(2), world.jetstream.get_stream(world.names().stream()));
    let stream = stream.await.ok()?.ok()?;
    i64::try_from(stream.cached_info().state.last_sequence).ok()
}
