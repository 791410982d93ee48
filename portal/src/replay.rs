//! `crm replay`: the log as JSON lines.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use event_store::read::Selection;
use event_store::{Duty, connect, read, seal};
use uuid::Uuid;

use crate::config::SiteArgs;
use crate::exported::Exported;
use crate::site::Site;

/// Events read at a time; memory does not grow with the log.
const PAGE: i64 = 2_000;

/// Which events.
#[derive(Args)]
pub struct ReplayArgs {
    /// Only this tenant
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only one aggregate, such as sales.opportunity:0197…, or all of a type: sales.opportunity
    #[arg(long, value_name = "TYPE[:ID]")]
    aggregate: Option<String>,
    /// Only what this actor did
    #[arg(long)]
    actor: Option<String>,
    /// Only this type of event, such as opportunity.moved
    #[arg(long = "type", value_name = "EVENT")]
    event_type: Option<String>,
    /// Only what was recorded at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// Only what was recorded before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    to: Option<DateTime<Utc>>,
    /// Only after this position
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    after: i64,
    /// With personal data in plain text, as far as it was not erased. What is written down so outlives its erasure: take care of it
    #[arg(long)]
    open: bool,
    /// Only up to this position
    #[arg(long, value_name = "POSITION")]
    until: Option<i64>,
}

/// Prints the events in order, up to the head of the log at the start.
pub async fn replay(args: &SiteArgs, replay: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let selection = replay.selection()?;
    let site = Site::open(args).await?;
    let reading = if replay.open { Some(args.reading()?) } else { None };
    let pool = connect(&site.database_url, Duty::Projector, 1)?;
    let head = read::head(&pool).await?;
    let until = replay.until.unwrap_or(head).min(head);
    let mut exported = Exported::begin(&site, &pool, "crm replay", replay.tenant).await?;
    let mut after = replay.after;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    loop {
        let events = read::selected(&pool, &selection, after, until, PAGE).await?;
        let Some(last) = events.last() else { break };
        after = last.position;
        let events = match reading {
            Some(reading) => seal::open(&mut *pool.acquire().await?, events, reading).await?,
            None => events,
        };
        for event in &events {
            let written = serde_json::to_writer(&mut out, event)
                .map_err(std::io::Error::from)
                .and_then(|()| out.write_all(b"\n"));
            match written {
                // Whoever reads has seen enough, as `head` does.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    exported.end("broken_off").await?;
                    return Ok(ExitCode::SUCCESS);
                }
                other => other?,
            }
            exported.add(event.tenant_id);
        }
    }
    out.flush()?;
    drop(out);
    exported.end("finished").await?;
    pool.close().await;
    site.close().await?;
    Ok(ExitCode::SUCCESS)
}

impl ReplayArgs {
    fn selection(&self) -> anyhow::Result<Selection> {
        let (aggregate_type, aggregate_id) = match self.aggregate.as_deref().map(|text| text.split_once(':'))
        {
            Some(Some((kind, id))) => {
                let id = Uuid::parse_str(id).context("--aggregate takes TYPE:ID, the id being a UUID")?;
                (Some(kind.to_owned()), Some(id))
            }
            Some(None) => (self.aggregate.clone(), None),
            None => (None, None),
        };
        Ok(Selection {
            tenant: self.tenant,
            aggregate_type,
            aggregate_id,
            actor: self.actor.clone(),
            event_type: self.event_type.clone(),
            from: self.from,
            to: self.to,
        })
    }
}
