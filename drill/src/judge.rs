//! What was promised, checked against the journal when all is calm again.

mod books;
mod log;
mod stream;

use std::collections::{HashMap, HashSet};

use crate::client::{self, Reply};
use crate::journal::Entries;
use crate::world::World;
use log::LogEvent;

/// Answers that are asked for once more.
const ASKED_AGAIN: usize = 25;

/// What the stream may be like in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// It holds every event.
    Whole,
    /// Its files were tampered with: it may have lost messages, whose events are read from the log. What it does hold
    /// is where it belongs.
    Holes,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Commands that clients were told are done.
    pub acknowledged: u64,
    /// Of these, how many the log does not have.
    pub lost: u64,
    /// Commands that the log, and events that the stream, has more than once.
    pub duplicated: u64,
    /// Events that are not where they belong, in the log or in the stream.
    pub reordered: u64,
    /// What else was broken, in sentences.
    pub broken: Vec<String>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn kept(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.reordered == 0 && self.broken.is_empty()
    }
}

/// Compares the journal with the log, the log with the stream, and the read models with a rebuild from zero.
///
/// # Errors
/// A part does not answer at all.
pub async fn judge(world: &World, entries: &Entries, whole: Stream) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let events = log::read(&world.pool).await?;
    log::check(&events, &mut verdict);
    commands(entries, &events, &mut verdict);
    order(entries, &mut verdict);
    books::check(&world.pool, &mut verdict).await?;
    stream::check(world, &events, whole, &mut verdict).await?;
    again(world, entries, &mut verdict).await?;
    let (sound, said) = world.run(&["verify"]).await?;
    if !sound {
        verdict.broken.push(format!("crm verify: {}", said.trim()));
    }
    Ok(verdict)
}

/// Every acknowledged command is in the log once, where the client was told, and every other one at most once.
fn commands(entries: &Entries, events: &[LogEvent], verdict: &mut Verdict) {
    let mut found: HashMap<(&str, &str), Vec<&LogEvent>> = HashMap::new();
    for event in events {
        found.entry((&event.correlation_id, &event.event_type)).or_default().push(event);
    }
    for (key, (command, answer)) in entries {
        let written = found.get(&(key.as_str(), command.event_type.as_str()));
        let written = written.map_or(&[][..], Vec::as_slice);
        if written.len() > 1 {
            verdict.duplicated += 1;
            let positions: Vec<i64> = written.iter().map(|event| event.position).collect();
            verdict.broken.push(format!("{key} is in the log at {positions:?}"));
        }
        let Some(answer) = answer else { continue };
        verdict.acknowledged += 1;
        let here = |event: &&LogEvent| {
            event.position == answer.position
                && event.aggregate_id == answer.id
                && event.tenant_id == command.tenant
        };
        if !written.iter().any(here) {
            verdict.lost += 1;
            verdict.broken.push(format!("{key} was acknowledged at {} and is not there", answer.position));
        }
    }
    let sent: HashSet<&str> = entries.keys().map(String::as_str).collect();
    let unknown = events.iter().filter(|event| !sent.contains(event.correlation_id.as_str())).count();
    if unknown > 0 {
        verdict.broken.push(format!("{unknown} events in the log were asked for by nobody"));
    }
}

/// A client sends one command after the other was acknowledged, so their positions rise.
fn order(entries: &Entries, verdict: &mut Verdict) {
    let mut by_client: HashMap<usize, Vec<(u64, i64)>> = HashMap::new();
    for (key, (command, answer)) in entries {
        let number = key.rsplit('-').next().and_then(|number| number.parse().ok());
        if let (Some(number), Some(answer)) = (number, answer) {
            by_client.entry(command.client).or_default().push((number, answer.position));
        }
    }
    for (client, mut answers) in by_client {
        answers.sort_unstable();
        let swapped = answers.windows(2).filter(|pair| pair[0].1 >= pair[1].1).count() as u64;
        if swapped > 0 {
            verdict.reordered += swapped;
            verdict.broken.push(format!("{swapped} commands of client {client} are out of order"));
        }
    }
}

/// Some acknowledged commands are sent once more: the answer is the same.
async fn again(world: &World, entries: &Entries, verdict: &mut Verdict) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).no_proxy().build()?;
    let api = world.site.commands[0];
    let acknowledged: Vec<_> =
        entries.values().filter_map(|(command, answer)| Some((command, answer.as_ref()?))).collect();
    let every = (acknowledged.len() / ASKED_AGAIN).max(1);
    for (command, answer) in acknowledged.into_iter().step_by(every) {
        let Some(tenant) = world.site.tenants.iter().find(|tenant| tenant.id == command.tenant) else {
            continue;
        };
        let key = &command.key;
        match client::send(&http, api, &tenant.token, command).await {
            Reply::Acknowledged(now) if now == *answer => {}
            Reply::Acknowledged(now) => {
                verdict.broken.push(format!("{key} was answered {answer:?}, and now {now:?}"));
            }
            Reply::Unsure(status) => verdict.broken.push(format!("{key} is not answered again ({status:?})")),
            Reply::Refused(text) => verdict.broken.push(format!("{key} is not answered again: {text}")),
        }
    }
    Ok(())
}
