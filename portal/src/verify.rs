//! `crm verify`: reads the whole log and proves it whole, and read models true to it.
//!
//! A log that was rewritten with care, read models and all, proves itself as well as any other. So the digest of all
//! events up to a position is printed: keep it where nobody who may write to the database may, and give it next time.

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context as _;
use clap::Args;
use event_store::{Duty, Recorded, Upcasters, connect, read, seal};
use indicatif::ProgressBar;
use projections::checkpoint;
use projections::projection::decode;
use projections::rebuild::Then;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection, PgConnection, PgPool};
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
    /// The seal of an earlier run, POSITION:DIGEST as it was printed: nothing up to there has changed since
    #[arg(long, value_name = "SEAL")]
    expect: Option<Seal>,
}

/// The digest of all events up to a position.
#[derive(Clone, Debug, PartialEq)]
struct Seal {
    position: i64,
    digest: String,
}

impl FromStr for Seal {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (position, digest) = text.split_once(':').context("a seal is POSITION:DIGEST")?;
        Ok(Self {
            position: position.parse().context("a seal is POSITION:DIGEST")?,
            digest: digest.to_owned(),
        })
    }
}

/// What every event before this one has established.
#[derive(Default)]
struct Walk {
    position: i64,
    digest: Sha256,
    recorded_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Walk {
    fn seal(&self) -> Seal {
        let digest = self.digest.clone().finalize();
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Seal { position: self.position, digest }
    }

    /// The first thing that is wrong with this event, if anything is.
    ///
    /// The digest is of the event as it is stored, so that erasing a person changes it as little as anything else.
    fn step(&mut self, event: &Recorded, opened: Recorded) -> Result<(), String> {
        let position = event.position;
        if position != self.position + 1 {
            let missing = self.position + 1;
            return Err(format!(
                "position {missing} is missing: {} is followed by {position}",
                self.position
            ));
        }
        self.position = position;
        if self.recorded_at.is_some_and(|before| event.recorded_at < before) {
            return Err(format!("position {position} was recorded before position {}", position - 1));
        }
        self.recorded_at = Some(event.recorded_at);
        // The same event is always the same text: keys of JSON objects are sorted when they are read.
        let text = serde_json::to_vec(event).map_err(|error| format!("position {position}: {error}"))?;
        self.digest.update(text);
        let name = format!("{} {} of tenant {}", event.aggregate_type, event.aggregate_id, event.tenant_id);
        let stored = (event.event_type.clone(), event.event_version);
        if seal::is_sealed(&opened.payload) {
            return Err(format!(
                "position {position}: {} of {name} holds what does not open: it was changed, or its key is lost and was not \
                 erased",
                stored.0
            ));
        }
        let fact = decode(opened, upcasters()).map_err(|error| {
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
    let reading = args.reading()?;
    let log = verify_log(&site, reading, verify.expect.as_ref()).await?;
    let sound = match log {
        Ok(proven) => {
            println!("log: {proven}");
            verify.log_only || verify_views(&site, reading).await?
        }
        Err(wrong) => {
            println!("log: {wrong}");
            false
        }
    };
    site.close().await?;
    println!("{}", if sound { "verified" } else { "NOT verified" });
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the log proves, or the first thing that is wrong with it.
async fn verify_log(
    site: &Site,
    reading: Upcasters,
    expected: Option<&Seal>,
) -> anyhow::Result<Result<String, String>> {
    let pool = connect(&site.database_url, Duty::Projector, 1)?;
    // Read before the head, which is never behind it: a log that ends earlier has lost its end.
    let folded = checkpoint::furthest(&pool).await?;
    let head = read::head(&pool).await?;
    if head < folded {
        return Ok(Err(format!("ends at position {head}, but read models have folded it up to {folded}")));
    }
    let shown = bar("log", count(head));
    let walked = walk(&pool, reading, head, expected, &shown).await?;
    shown.finish_and_clear();
    let broken = match broken_sequence(&pool).await? {
        None => unfounded_erasure(&pool).await?,
        broken => broken,
    };
    pool.close().await;
    Ok(match (walked, broken) {
        (Err(wrong), _) | (Ok(_), Some(wrong)) => Err(wrong),
        (Ok(Seal { position, digest }), None) => Ok(format!(
            "positions 1 to {position} are dense, the sequences of every aggregate contiguous, every event decodes\n\
             seal {position}:{digest}"
        )),
    })
}

/// Reads every event up to the head, in order.
async fn walk(
    pool: &PgPool,
    reading: Upcasters,
    head: i64,
    expected: Option<&Seal>,
    shown: &ProgressBar,
) -> anyhow::Result<Result<Seal, String>> {
    let mut walk = Walk::default();
    while walk.position < head {
        let events = read::after(pool, walk.position, PAGE.min(head - walk.position)).await?;
        if events.is_empty() {
            return Ok(Err(format!("ends at position {}, but ended at {head} a moment ago", walk.position)));
        }
        let mut connection = pool.acquire().await?;
        let opened = seal::open(&mut connection, events.clone(), reading).await?;
        for (event, opened) in events.into_iter().zip(opened) {
            if let Err(wrong) = walk.step(&event, opened) {
                return Ok(Err(wrong));
            }
            if let Some(expected) = expected
                && expected.position == walk.position
                && *expected != walk.seal()
            {
                return Ok(Err(format!(
                    "an event up to position {} has changed since it was sealed",
                    walk.position
                )));
            }
        }
        shown.set_position(count(walk.position));
    }
    match expected {
        Some(expected) if expected.position > walk.position => {
            Ok(Err(format!("ends at position {}, but was sealed up to {}", walk.position, expected.position)))
        }
        _ => Ok(Ok(walk.seal())),
    }
}

/// The first event whose sequence does not follow the one before it in its aggregate.
async fn broken_sequence(pool: &PgPool) -> anyhow::Result<Option<String>> {
    let broken: Option<(i64, i64, i64, Uuid, String, Uuid)> = sqlx::query_as(
        "select position, sequence, expected, tenant_id, aggregate_type, aggregate_id
         from (
             select *, row_number() over stream as expected, lag(position) over stream as before
             from log.event
             window stream as (partition by tenant_id, aggregate_type, aggregate_id order by sequence)
         ) as numbered
         where sequence <> expected or before > position
         order by position limit 1",
    )
    .fetch_optional(pool)
    .await?;
    Ok(broken.map(|(position, sequence, expected, tenant, kind, id)| {
        format!("position {position}: {kind} {id} of tenant {tenant} has sequence {sequence}, out of order or where {expected} belongs")
    }))
}

/// The first key that was destroyed although no event says so.
async fn unfounded_erasure(pool: &PgPool) -> anyhow::Result<Option<String>> {
    let unfounded: Option<(Uuid, String, Uuid)> =
        sqlx::query_as(include_str!("verify/unfounded.sql")).fetch_optional(pool).await?;
    Ok(unfounded.map(|(tenant, kind, id)| {
        format!("the key of {kind} {id} of tenant {tenant} was destroyed, but no event says that anybody was erased")
    }))
}

async fn verify_views(site: &Site, reading: Upcasters) -> anyhow::Result<bool> {
    let mut connection = PgConnection::connect(&site.database_url).await?;
    let mut sound = true;
    for model in named_views(&[])? {
        let comparison = rebuild_with_bar(&mut connection, &model, reading, Then::Discard).await?;
        println!("{}", describe(&model, &comparison));
        sound &= comparison.differing == 0 && comparison.parked == 0;
    }
    connection.close().await?;
    Ok(sound)
}
