//! The stream in JetStream, as the relay writes it.

use std::time::Duration;

use async_nats::jetstream::context::{GetStreamErrorKind, PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use futures::{StreamExt, TryStreamExt, stream};

use super::port::{Bus, BusError, StreamEnd};
use crate::event::RawRecorded;
use crate::planted::{RELAY_WITHOUT_FENCE, is_planted};
use crate::stream::{EVENT_ID, StreamNames, message, position, sequence};
use crate::trace;

/// Messages asked for at once.
const REQUESTS: usize = 64;
/// The window of the planted bug that trusts it; otherwise the server's own, which nobody relies on.
const SHORT_WINDOW: Duration = Duration::from_secs(1);

pub(super) struct JetStream {
    pub(super) context: Context,
    pub(super) names: StreamNames,
    pub(super) replicas: usize,
}

impl Bus for JetStream {
    async fn end(&self) -> Result<Option<StreamEnd>, BusError> {
        match self.context.get_stream(self.names.stream()).await {
            Ok(stream) => {
                let state = &stream.cached_info().state;
                Ok(Some(StreamEnd { last: position(state.last_sequence), messages: state.messages }))
            }
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                GetStreamErrorKind::JetStream(_)
                | GetStreamErrorKind::EmptyName
                | GetStreamErrorKind::Request
                | GetStreamErrorKind::InvalidStreamName => Err(unavailable(error)),
            },
        }
    }

    async fn event_ids(&self, after: i64, until: i64) -> Result<Vec<Option<String>>, BusError> {
        let stream = self.context.get_stream_no_info(self.names.stream()).await.map_err(unavailable)?;
        let id = |at| {
            let message = stream.get_raw_message(sequence(at));
            async move {
                match message.await {
                    Ok(message) => Ok(message.headers.get(EVENT_ID).map(|id| id.as_str().to_owned())),
                    Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
                    Err(error) => Err(unavailable(error)),
                }
            }
        };
        stream::iter(after + 1..=until).map(id).buffered(REQUESTS).try_collect().await
    }

    async fn publish(&self, events: &[RawRecorded]) -> Result<(), BusError> {
        let mut acknowledgements = Vec::with_capacity(events.len());
        for event in events {
            let span = trace::publishing(event);
            let sent = self.context.send_publish(self.names.subject(event), message(event)?).await;
            acknowledgements.push((event.position, sent.map_err(|error| refused(&error))?, span));
        }
        for (expected, acknowledgement, _span) in acknowledgements {
            let stored = acknowledgement.into_future().await.map_err(|error| refused(&error))?;
            if position(stored.sequence) != expected && !is_planted(RELAY_WITHOUT_FENCE) {
                tracing::error!(expected, stored = stored.sequence, "the stream numbered an event otherwise");
                return Err(BusError::Refused);
            }
        }
        Ok(())
    }

    async fn create(&self, first: i64, window: i64) -> Result<(), BusError> {
        let config = Config {
            name: self.names.stream(),
            description: Some("A copy of the event log: the sequence of a message is its position.".into()),
            subjects: vec![self.names.subjects()],
            storage: StorageType::File,
            num_replicas: self.replicas,
            first_sequence: (first > 1).then(|| sequence(first)),
            max_messages: window,
            discard: DiscardPolicy::Old,
            allow_direct: true,
            duplicate_window: if is_planted(RELAY_WITHOUT_FENCE) { SHORT_WINDOW } else { Duration::ZERO },
            ..Config::default()
        };
        self.context.create_stream(config).await.map_err(unavailable)?;
        Ok(())
    }

    async fn delete(&self) -> Result<(), BusError> {
        self.context.delete_stream(self.names.stream()).await.map_err(unavailable)?;
        Ok(())
    }
}

fn unavailable(error: impl std::fmt::Display) -> BusError {
    BusError::Unavailable(error.to_string())
}

/// Whatever the stream did not take is looked at again from its end.
fn refused(error: &PublishError) -> BusError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::StreamNotFound => BusError::Refused,
        PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => unavailable(error),
    }
}
