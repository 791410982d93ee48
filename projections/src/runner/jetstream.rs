//! Events from an ordered consumer of JetStream.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::{Context, Message};
use event_store::stream::position;
use event_store::{Recorded, StreamNames};
use futures::StreamExt;
use futures::stream::ReadyChunks;

use super::port::{Arrived, Feed, Messages};

/// How long anything may take while NATS does not answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A stream as a feed.
pub struct JetStream {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) names: StreamNames,
    pub(super) batch: usize,
}

impl JetStream {
    async fn consume(&self, after: i64) -> Option<ReadyChunks<pull::Ordered>> {
        let stream = self.context.get_stream_no_info(self.names.stream()).await.ok()?;
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: u64::try_from(after + 1).unwrap_or(1),
            },
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.ok()?;
        Some(consumer.messages().await.ok()?.ready_chunks(self.batch))
    }
}

impl Feed for JetStream {
    type Messages = ReadyChunks<pull::Ordered>;

    /// While NATS is away nobody waits for it: the log is read instead.
    async fn subscribe(&self, after: i64) -> Option<Self::Messages> {
        if self.client.connection_state() != State::Connected {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.consume(after)).await.ok().flatten()
    }

    async fn announce(&self, view: &str, position: i64) {
        if self.client.connection_state() != State::Connected {
            return;
        }
        let told = self.client.publish(self.names.moved(view), position.to_string().into());
        if !matches!(tokio::time::timeout(PATIENCE, told).await, Ok(Ok(()))) {
            tracing::debug!(view, position, "a move was not announced");
        }
    }
}

impl Messages for ReadyChunks<pull::Ordered> {
    async fn next(&mut self) -> Option<Arrived> {
        let chunk = StreamExt::next(self).await?;
        Some(chunk.into_iter().filter_map(|message| readable(&message.ok()?).map(Arc::new)).collect())
    }
}

/// The event in a message, unless it was too large to send or is not what its place in the stream says.
fn readable(message: &Message) -> Option<Recorded> {
    let sequence = message.info().ok()?.stream_sequence;
    let event: Recorded = serde_json::from_slice(&message.payload).ok()?;
    (event.position == position(sequence)).then_some(event)
}
