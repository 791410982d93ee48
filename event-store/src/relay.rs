//! Publishes the log to JetStream, so that the sequence of a message is the position of its event.
//!
//! The relay keeps no checkpoint: the stream's last message tells where it stands. Each message is fenced with
//! the sequence it must follow, so a second relay, a zombie or a retry cannot duplicate, skip or reorder. The
//! advisory lock only keeps two relays from doing the same work; it is not what makes this safe.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, StorageType, Stream};
use async_nats::jetstream::{self, ErrorCode};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::database::{Duty, options};
use crate::read;
use crate::stream::{EVENT_ID, StreamNames, message, position, sequence};

/// Events published before their acknowledgements are awaited.
const BATCH: i64 = 2_000;
/// Messages that the stream keeps, and how far back a new stream starts. Who needs older ones reads the log.
const WINDOW: i64 = 1_000_000;
/// How long the active relay may stand still behind the log before a standby publishes in its place.
const PATIENCE: Duration = Duration::from_secs(2);
/// The fallback when no notification arrives, and the pause after an error.
const POLL: Duration = Duration::from_millis(500);
/// The key of the advisory lock, "relay" in ASCII.
const LOCK: i64 = 0x72_65_6c_61_79;

/// How the relay reaches the log and the stream.
#[derive(Clone)]
pub struct Relay {
    /// The database of the log.
    pub database_url: String,
    /// The JetStream context.
    pub jetstream: jetstream::Context,
    /// The names on NATS.
    pub names: StreamNames,
    /// Copies that a NATS cluster keeps of each message: 1, 3 or 5.
    pub replicas: usize,
    /// Notified after an append in the same process.
    pub appended: Arc<Notify>,
}

#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error("the log is not available")]
    Log(#[from] sqlx::Error),
    #[error("the stream is not available: {0}")]
    Stream(String),
    #[error("the stream is not where it was thought to be")]
    Resync,
    #[error("event cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl Interruption {
    fn stream(error: impl std::fmt::Display) -> Self {
        Interruption::Stream(error.to_string())
    }
}

/// Whether this relay holds the lock, or stands in for a holder that does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Active,
    StandIn,
}

impl Relay {
    /// Relays until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        loop {
            if let Err(interruption) = self.serve().await {
                tracing::warn!(error = %interruption, "the relay was interrupted and tries again");
                tokio::time::sleep(POLL).await;
            }
        }
    }

    /// One term of office, from waiting for it until something interrupts it.
    async fn serve(&self) -> Result<(), Interruption> {
        let options = options(&self.database_url, Duty::Relay)?;
        let mut log = PgConnection::connect_with(&options).await?;
        let standing = self.stand_by(&mut log).await?;
        // A standby must not listen: notifications that nobody reads would hold up the whole server in the end.
        let told = Arc::new(Notify::new());
        let mut ears = JoinSet::new();
        ears.spawn(listen(options, told.clone()));
        loop {
            match self.publish_from_stream_end(&mut log, &told, standing).await {
                Err(Interruption::Resync) if standing == Standing::StandIn => {
                    // The holder of the lock may move again: then it is its turn.
                    return Ok(());
                }
                Err(Interruption::Resync) => tokio::time::sleep(POLL / 10).await,
                other => return other,
            }
        }
    }

    /// Waits for the lock; or until the log is ahead of a stream that has not grown for [`PATIENCE`].
    async fn stand_by(&self, log: &mut PgConnection) -> Result<Standing, Interruption> {
        let mut seen = (0, tokio::time::Instant::now());
        loop {
            let active: bool =
                sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut *log).await?;
            if active {
                tracing::info!(stream = self.names.stream(), "this relay is active");
                return Ok(Standing::Active);
            }
            let last = self.last_sequence().await?;
            if last != seen.0 {
                seen = (last, tokio::time::Instant::now());
            } else if read::head(&mut *log).await? <= last {
                seen.1 = tokio::time::Instant::now();
            } else if seen.1.elapsed() >= PATIENCE {
                tracing::warn!(last, "the active relay stands still, this one stands in");
                return Ok(Standing::StandIn);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The last sequence of the stream as it is, without checking what it holds; 0 if there is no stream.
    async fn last_sequence(&self) -> Result<i64, Interruption> {
        Ok(self.stream().await?.map_or(0, |stream| position(stream.cached_info().state.last_sequence)))
    }

    async fn publish_from_stream_end(
        &self,
        log: &mut PgConnection,
        told: &Notify,
        standing: Standing,
    ) -> Result<(), Interruption> {
        let mut last = self.resync(log).await?;
        loop {
            // Armed before the query, so that what is appended in between wakes us.
            let (appended, told) = (self.appended.notified(), told.notified());
            let events = read::after(&mut *log, last, BATCH).await?;
            if let Some(newest) = events.last() {
                let newest = newest.position;
                self.publish(&events).await?;
                last = newest;
                continue;
            }
            tokio::select! {
                () = appended => {}
                () = told => {}
                () = tokio::time::sleep(POLL) => {
                    if self.last_sequence().await? != last {
                        return Err(Interruption::Resync);
                    }
                    if standing == Standing::StandIn {
                        return Err(Interruption::Resync);
                    }
                }
            }
        }
    }

    async fn publish(&self, events: &[crate::Recorded]) -> Result<(), Interruption> {
        let mut acknowledgements = Vec::with_capacity(events.len());
        for event in events {
            let sent = self.jetstream.send_publish(self.names.subject(event), message(event)?).await;
            acknowledgements.push((event.position, sent.map_err(|error| refused(&error))?));
        }
        for (expected, acknowledgement) in acknowledgements {
            let stored = acknowledgement.into_future().await.map_err(|error| refused(&error))?;
            if position(stored.sequence) != expected {
                tracing::error!(expected, stored = stored.sequence, "the stream numbered an event otherwise");
                return Err(Interruption::Resync);
            }
        }
        Ok(())
    }

    async fn stream(&self) -> Result<Option<Stream>, Interruption> {
        match self.jetstream.get_stream(self.names.stream()).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                GetStreamErrorKind::JetStream(_)
                | GetStreamErrorKind::EmptyName
                | GetStreamErrorKind::Request
                | GetStreamErrorKind::InvalidStreamName => Err(Interruption::stream(error)),
            },
        }
    }

    /// Makes sure that the stream is a true copy of the log up to its end, and tells that end.
    async fn resync(&self, log: &mut PgConnection) -> Result<i64, Interruption> {
        let stream = self.stream().await?;
        // Read after the stream, which only ever holds events of the log: so if it is longer, it is of another history.
        let head = read::head(&mut *log).await?;
        if let Some(stream) = stream {
            let last = position(stream.cached_info().state.last_sequence);
            if self.agrees(log, &stream, head).await? {
                return Ok(last);
            }
            tracing::warn!(head, last, "the stream is not a copy of this log and is made anew");
            self.jetstream.delete_stream(self.names.stream()).await.map_err(Interruption::stream)?;
        }
        let first = (head + 1 - WINDOW).max(1);
        self.jetstream.create_stream(self.config(first)).await.map_err(Interruption::stream)?;
        tracing::info!(first, "made a new stream");
        Ok(first - 1)
    }

    /// Event ids are unique and the log is linear, so if the last message is the event that the log has there,
    /// everything before it agrees too.
    async fn agrees(&self, log: &mut PgConnection, stream: &Stream, head: i64) -> Result<bool, Interruption> {
        let state = &stream.cached_info().state;
        let last = position(state.last_sequence);
        if state.messages == 0 {
            // Nothing to compare, and nothing to lose: only the one that starts an empty log is kept.
            return Ok(last == 0 && head == 0);
        }
        if last > head {
            return Ok(false);
        }
        let message = match stream.get_raw_message(sequence(last)).await {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(false),
            Err(error) => return Err(Interruption::stream(error)),
        };
        let id = message.headers.get(EVENT_ID).map(|id| id.as_str().to_owned());
        let event = read::at(&mut *log, last).await?;
        Ok(event.is_some_and(|event| Some(event.event_id.to_string()) == id))
    }

    fn config(&self, first: i64) -> Config {
        Config {
            name: self.names.stream(),
            description: Some("A copy of the event log: the sequence of a message is its position.".into()),
            subjects: vec![self.names.subjects()],
            storage: StorageType::File,
            num_replicas: self.replicas,
            first_sequence: (first > 1).then(|| sequence(first)),
            max_messages: WINDOW,
            discard: DiscardPolicy::Old,
            allow_direct: true,
            ..Config::default()
        }
    }
}

/// Passes on what other processes append. If it ends, polling goes on.
async fn listen(options: PgConnectOptions, told: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let Ok(mut listener) = PgListener::connect_with(&pool).await else { return };
    if listener.listen("crm_log").await.is_ok() {
        while listener.recv().await.is_ok() {
            told.notify_waiters();
        }
    }
}

/// Whatever the stream did not take is looked at again from its end.
fn refused(error: &jetstream::context::PublishError) -> Interruption {
    match error.kind() {
        PublishErrorKind::WrongLastSequence
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::StreamNotFound => Interruption::Resync,
        PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => Interruption::stream(error),
    }
}
