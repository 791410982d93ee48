//! The stream against the log: the same event at each place, and nothing else.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use event_store::stream::EVENT_ID;
use futures::StreamExt as _;
use serde_json::Value;

use super::log::LogEvent;
use super::{Stream, Verdict};
use crate::world::World;

/// How long the next message may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn check(
    world: &World,
    events: &[LogEvent],
    whole: Stream,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let stream = world.jetstream.get_stream(world.names().stream()).await.context("there is no stream")?;
    let state = &stream.cached_info().state;
    let (first, last) = (state.first_sequence, state.last_sequence);
    if last != events.len() as u64 {
        verdict.broken.push(format!("the stream ends at {last}, the log has {} events", events.len()));
    }
    if whole == Stream::Whole && state.messages != (last + 1).saturating_sub(first) {
        verdict.broken.push(format!("the stream has {} messages from {first} to {last}", state.messages));
    }
    let config = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..pull::OrderedConfig::default() };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    let ids: HashSet<String> = events.iter().map(|event| event.event_id.to_string()).collect();
    let mut expected = first;
    while expected <= last {
        let message = tokio::time::timeout(PATIENCE, messages.next()).await;
        let message = message.with_context(|| format!("message {expected} does not come"))?;
        let message = message.context("the stream ends early")??;
        let sequence = message.info().map_err(|error| anyhow::anyhow!("{error}"))?.stream_sequence;
        if sequence != expected && whole == Stream::Whole {
            verdict.reordered += 1;
            verdict.broken.push(format!("message {expected} is missing, {sequence} comes instead"));
        }
        expected = sequence + 1;
        let id =
            message.headers.as_ref().and_then(|headers| Some(headers.get(EVENT_ID)?.as_str().to_owned()));
        let event = usize::try_from(sequence)?.checked_sub(1).and_then(|place| events.get(place));
        let payload: Value = serde_json::from_slice(&message.payload).unwrap_or_default();
        let same = event.is_some_and(|event| {
            let own = event.event_id.to_string();
            id.as_deref() == Some(own.as_str())
                && payload["event_id"] == own
                && payload["position"] == event.position
        });
        if !same {
            // The same event somewhere else is one too many here, and one that is out of its place.
            let elsewhere = id.is_some_and(|id| ids.contains(&id));
            verdict.reordered += 1;
            verdict.duplicated += u64::from(elsewhere);
            if verdict.broken.len() < 20 {
                let what = if elsewhere {
                    "another event of the log"
                } else {
                    "an event that the log does not have"
                };
                verdict.broken.push(format!("message {sequence} is {what}"));
            }
        }
    }
    Ok(())
}
