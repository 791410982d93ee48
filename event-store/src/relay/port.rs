//! What the relay asks of a log and of a stream, so that its logic can run against any that keep the same promises.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::event::RawRecorded;

/// A log that can be read in order.
pub trait Log: Send + Sync {
    /// One connection to it.
    type Session: Session;

    /// Connects.
    fn open(&self) -> impl Future<Output = Result<Self::Session, sqlx::Error>> + Send;
}

/// One connection to the log. What it locks is free again once it is gone.
pub trait Session: Send {
    /// Takes the lock of the active relay, unless another session holds it.
    fn try_lock(&mut self) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Begins to listen: what it returns is notified of appends, by any process, as long as the session lives.
    fn listen(&mut self) -> Arc<Notify>;

    /// The position of the last event; 0 for an empty log.
    fn head(&mut self) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    /// Up to `limit` events with a position greater than `position`, in order.
    fn after(
        &mut self,
        position: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<RawRecorded>, sqlx::Error>> + Send;
}

/// A stream that numbers its messages and refuses one that does not follow the sequence it names.
pub trait Bus: Send + Sync {
    /// Where the stream ends, or `None` if there is none.
    fn end(&self) -> impl Future<Output = Result<Option<StreamEnd>, BusError>> + Send;

    /// The event ids that the messages after a sequence name, up to and including `until`; `None` for each that is gone.
    fn event_ids(
        &self,
        after: i64,
        until: i64,
    ) -> impl Future<Output = Result<Vec<Option<String>>, BusError>> + Send;

    /// Publishes all events, each fenced to follow the position before its own, and waits until all are stored.
    fn publish(&self, events: &[RawRecorded]) -> impl Future<Output = Result<(), BusError>> + Send;

    /// Makes a stream whose first message will have the sequence `first`, and that keeps the last `window`.
    fn create(&self, first: i64, window: i64) -> impl Future<Output = Result<(), BusError>> + Send;

    /// Deletes the stream with all its messages.
    fn delete(&self) -> impl Future<Output = Result<(), BusError>> + Send;
}

/// Where a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// The sequence of its last message, also of one that is gone by now; for a new stream, the one before its first.
    pub last: i64,
    /// Messages that it holds.
    pub messages: u64,
}

/// Why the stream did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A message does not follow what the stream holds, or the stream is gone.
    #[error("the stream is not where it was thought to be")]
    Refused,
    /// No answer, or none that tells anything about the stream.
    #[error("the stream is not available: {0}")]
    Unavailable(String),
    /// An event has no JSON form.
    #[error("event cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}
