//! The same bytes, published to JetStream as fast as it takes them: nothing read, nothing fenced.

use std::collections::VecDeque;
use std::future::IntoFuture as _;
use std::time::Instant;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use event_store::stream::EVENT_ID;
use futures::StreamExt as _;

use crate::servers::Place;
use crate::statistics::rate;

/// Messages that are on their way at most: as many as the relay has.
pub const WINDOW: usize = 2_000;

/// What the relay sent for one event.
pub struct Sent {
    subject: Subject,
    event_id: String,
    payload: Bytes,
}

/// A stream that a relay filled: its settings, and every message.
pub struct Stream {
    pub config: Config,
    pub messages: Vec<Sent>,
}

/// Reads the stream that a relay filled.
pub async fn read(place: &Place) -> anyhow::Result<Stream> {
    let jetstream = async_nats::jetstream::new(place.nats().await?);
    let stream = jetstream.get_stream(place.names().stream()).await?;
    let count = usize::try_from(stream.cached_info().state.messages)?;
    let config = stream.cached_info().config.clone();
    let from_the_first =
        pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..pull::OrderedConfig::default() };
    let mut messages = stream.create_consumer(from_the_first).await?.messages().await?;
    let mut sent = Vec::with_capacity(count);
    while sent.len() < count {
        let Some(message) = messages.next().await else { anyhow::bail!("the stream ended early") };
        let message = message?.message;
        let event_id = message.headers.as_ref().and_then(|headers| headers.get(EVENT_ID));
        let event_id = event_id.map(ToString::to_string).unwrap_or_default();
        // A copy, or each would keep the whole of what was received with it.
        let payload = Bytes::copy_from_slice(&message.payload);
        sent.push(Sent { subject: message.subject, event_id, payload });
    }
    Ok(Stream { config, messages: sent })
}

/// Messages per second into a new stream, all of them acknowledged.
pub async fn publish(place: &Place, like: &Stream) -> anyhow::Result<f64> {
    place.drop_stream().await?;
    let jetstream = async_nats::jetstream::new(place.nats().await?);
    jetstream.create_stream(like.config.clone()).await?;
    let begun = Instant::now();
    let mut under_way = VecDeque::with_capacity(WINDOW);
    for Sent { subject, event_id, payload } in &like.messages {
        if under_way.len() == WINDOW
            && let Some(oldest) = under_way.pop_front()
        {
            acknowledged(oldest).await?;
        }
        let mut headers = HeaderMap::new();
        headers.insert(EVENT_ID, event_id.as_str());
        let message = PublishMessage::build().payload(payload.clone()).headers(headers);
        under_way.push_back(jetstream.send_publish(subject.clone(), message).await?);
    }
    for rest in under_way {
        acknowledged(rest).await?;
    }
    Ok(rate(u64::try_from(like.messages.len())?, begun.elapsed().as_secs_f64()))
}

async fn acknowledged(sent: async_nats::jetstream::context::PublishAckFuture) -> anyhow::Result<()> {
    sent.into_future().await?;
    Ok(())
}
