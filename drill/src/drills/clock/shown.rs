//! What a process shows of its clock.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::world::World;

/// Seconds by which a clock may seem to be off by what was asked for: some of it is shown only every few seconds.
const EXACT: i64 = 60;
/// How long it may take to be shown.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns when what a process shows of the time is that of its clock, which is off by that many seconds.
pub(super) async fn judge(world: &World, who: &str, off: i64) -> anyhow::Result<()> {
    if who == "query-api" {
        return days(world, off).await;
    }
    let begun = Instant::now();
    while let Some(seconds) = shown(world, who).await? {
        if (seconds - Utc::now().timestamp() - off).abs() < EXACT {
            break;
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "{who} shows the time {seconds} by a clock that is off by {off} s"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The time, in seconds since 1970. Of a command API nothing shows but the tokens that it takes.
async fn shown(world: &World, who: &str) -> anyhow::Result<Option<i64>> {
    Ok(match who {
        "postgres" => Some(postgres(world).await?),
        super::NATS => Some(nats(world).await?),
        "projector-1" => Some(sampled(world).await?),
        _ => None,
    })
}

async fn postgres(world: &World) -> anyhow::Result<i64> {
    let now = sqlx::query_scalar("select extract(epoch from clock_timestamp())::bigint");
    Ok(now.fetch_one(&world.pool).await?)
}

/// When nats-server stored the last message.
async fn nats(world: &World) -> anyhow::Result<i64> {
    let stream = world.jetstream.get_stream(world.names().stream()).await?;
    let last = stream.cached_info().state.last_sequence;
    Ok(stream.get_raw_message(last).await?.time.unix_timestamp())
}

/// When the projector last looked how far everything is, by its metrics.
async fn sampled(world: &World) -> anyhow::Result<i64> {
    let metrics = reqwest::get(format!("http://{}/metrics", world.projector_health)).await?.text().await?;
    let mut lines = metrics.lines().filter_map(|line| line.strip_prefix("crm_sampled_timestamp_seconds "));
    let seconds = lines.next().and_then(|seconds| seconds.split('.').next());
    Ok(seconds.map_or(Ok(0), str::parse)?)
}

/// A board counts days until the present of the query API: no answer of another day is kept.
async fn days(world: &World, off: i64) -> anyhow::Result<()> {
    let deals = read(world, "/opportunities?sort=stage_since").await?;
    let pipeline =
        deals["data"]["items"][0]["pipeline_id"].as_str().context("there is no deal yet")?.to_owned();
    // Twice, so that what is kept of the first is judged too.
    for _ in 0..2 {
        let board = read(world, &format!("/pipelines/{pipeline}/board")).await?;
        let now = Utc::now() + TimeDelta::seconds(off);
        let stages = board["data"]["stages"].as_array().context("a board has stages")?;
        let cards: Vec<&Value> =
            stages.iter().filter_map(|stage| stage["cards"].as_array()).flatten().collect();
        ensure!(!cards.is_empty(), "a board shows no deal");
        for card in cards {
            let since: DateTime<Utc> = card["stage_since"].as_str().context("a card has a date")?.parse()?;
            let (told, days) = (card["days_in_stage"].as_i64(), (now - since).num_days().max(0));
            if told != Some(days) {
                bail!(
                    "a board told {told:?} instead of {days} days since {since}, by a clock that is off by {off} s"
                );
            }
        }
    }
    Ok(())
}

/// Once all that is asked there has seen the log as it is now: the deals may be there before their pipeline is.
async fn read(world: &World, path: &str) -> anyhow::Result<Value> {
    let head: i64 = sqlx::query_scalar("select position from log.head").fetch_one(&world.pool).await?;
    let url = format!("http://{}/api/v1{path}", world.site.queries);
    let request = reqwest::Client::new().get(url).bearer_auth(&world.site.tenants[0].token);
    let request = request.header("X-Min-Position", head.to_string());
    Ok(request.send().await?.error_for_status()?.json().await?)
}
