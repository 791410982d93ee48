//! `crm verify`: reads the whole log and proves it whole, and read models true to it.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;
use event_store::{Duty, Recorded, connect, read};
use projections::projection::decode;
use projections::rebuild::Then;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::config::SiteArgs;
use crate::maintain::{describe, named_views, rebuild_with_bar, upcasters};
use crate::progress::{bar, count};
use crate::site::Site;

/// Events read at a time.
const PAGE: i64 = 5_000;

/// What to verify.
#[derive(Args)]
pub struct VerifyArgs {
    /// Only the log itself, not the read models
    #[arg(long)]
    log_only: bool,
}

/// What every event before this one has established.
#[derive(Default)]
struct Walk {
    position: i64,
    sequences: HashMap<(Uuid, String, Uuid), i64>,
    recorded_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Walk {
    /// The first thing that is wrong with this event, if anything is.
    fn step(&mut self, event: Recorded) -> Result<(), String> {
        let Recorded { position, sequence, .. } = event;
        if position != self.position + 1 {
            return Err(format!(
                "position {} is missing: {} is followed by {position}",
                self.position + 1,
                self.position
            ));
        }
        self.position = position;
        if self.recorded_at.is_some_and(|before| event.recorded_at < before) {
            return Err(format!("position {position} was recorded before position {}", position - 1));
        }
        self.recorded_at = Some(event.recorded_at);
        let stream = (event.tenant_id, event.aggregate_type.clone(), event.aggregate_id);
        let name = format!("{} {} of tenant {}", stream.1, stream.2, stream.0);
        let last = self.sequences.entry(stream).or_insert(0);
        if sequence != *last + 1 {
            return Err(format!("position {position}: {name} has sequence {sequence} after {last}"));
        }
        *last = sequence;
        let stored = (event.event_type.clone(), event.event_version);
        let fact = decode(event, upcasters()).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            format!(
                "position {position}: {} v{} of {name} cannot be decoded: {error}: {cause}",
                stored.0, stored.1
            )
        })?;
        if fact.payload.event_type() != stored.0 {
            let is = fact.payload.event_type();
            return Err(format!("position {position}: {name} holds {is} where {} was recorded", stored.0));
        }
        Ok(())
    }
}

/// Proves, or names the first thing that is not as it should be.
pub async fn verify(args: &SiteArgs, verify: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let site = Site::open(args).await?;
    let sound = verify_log(&site).await? && (verify.log_only || verify_views(&site).await?);
    site.close().await?;
    println!("{}", if sound { "verified" } else { "NOT verified" });
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify_log(site: &Site) -> anyhow::Result<bool> {
    let pool = connect(&site.database_url, Duty::Projector, 1)?;
    let head = read::head(&pool).await?;
    let shown = bar("log", count(head));
    let mut walk = Walk::default();
    let wrong = loop {
        let events = read::after(&pool, walk.position, PAGE).await?;
        if events.is_empty() {
            break None;
        }
        if let Some(wrong) = events.into_iter().find_map(|event| walk.step(event).err()) {
            break Some(wrong);
        }
        shown.set_position(count(walk.position));
    };
    shown.finish_and_clear();
    pool.close().await;
    match wrong {
        Some(wrong) => {
            println!("log: {wrong}");
            Ok(false)
        }
        None if walk.position < head => {
            println!("log: ends at position {}, but its head says {head}", walk.position);
            Ok(false)
        }
        None => {
            println!(
                "log: positions 1 to {} are dense, the sequences of {} aggregates contiguous, every event decodes",
                walk.position,
                walk.sequences.len()
            );
            Ok(true)
        }
    }
}

async fn verify_views(site: &Site) -> anyhow::Result<bool> {
    let mut connection = PgConnection::connect(&site.database_url).await?;
    let mut sound = true;
    for model in named_views(&[])? {
        let comparison = rebuild_with_bar(&mut connection, &model, Then::Discard).await?;
        println!("{}", describe(&model, &comparison));
        sound &= comparison.differing == 0 && comparison.parked == 0;
    }
    connection.close().await?;
    Ok(sound)
}
