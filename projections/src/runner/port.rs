//! What the runner asks of a feed and of a store, so that its logic can run against any that keep the same promises.

use std::future::Future;
use std::sync::Arc;

use event_store::{Recorded, Upcasters};
use uuid::Uuid;

use crate::checkpoint::Target;
use crate::fold::{Changes, RowKey, Stop, StoredRow};

/// Events that arrived together. Several read models may fold the same ones.
pub type Arrived = Vec<Arc<Recorded>>;

/// Where events come from as they happen. It may lose, repeat and end; it should not number an event otherwise.
pub trait Feed: Send + Sync {
    /// One subscription.
    type Messages: Messages;

    /// The events after a position, or `None` while there are none to be had from here. Nobody waits for long.
    fn subscribe(&self, after: i64) -> impl Future<Output = Option<Self::Messages>> + Send;

    /// Tells whoever waits for a read model. May be lost: that costs a reader one look at the checkpoint.
    fn announce(&self, view: &str, position: i64) -> impl Future<Output = ()> + Send;
}

/// Events as they arrive.
pub trait Messages: Send {
    /// All that has arrived, at least one message, or `None` if the subscription has ended. Unreadable messages are
    /// left out, so the chunk may be empty. Dropping the future loses nothing.
    fn next(&mut self) -> impl Future<Output = Option<Arrived>> + Send;
}

/// Where rows and checkpoints are kept, beside the log.
pub trait ReadStore: Send + Sync {
    /// A transaction. Dropping it undoes it.
    type Transaction: Transaction;

    /// Makes sure that a read model has a checkpoint, at 0 if it is new.
    fn ensure(&self, view: &str) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The checkpoint of a read model.
    fn position(&self, view: &str) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    /// The position of the last event of the log.
    fn head(&self) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    /// Up to `limit` events of the log after a position, in order.
    fn after(
        &self,
        position: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Recorded>, sqlx::Error>> + Send;

    /// Moves a checkpoint as [`Transaction::advance`] does, and nothing else. Tells whether it was moved.
    fn advance(&self, view: &str, target: &Target) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Begins a transaction.
    fn begin(&self) -> impl Future<Output = Result<Self::Transaction, sqlx::Error>> + Send;
}

/// Rows and checkpoint of a read model, moved together or not at all.
pub trait Transaction: Send {
    /// What is read and written in it.
    type Rows: Rows;

    /// Moves the checkpoint if it still is at `target.from` and the log has all of `target.events`.
    /// Holds it until the transaction ends. Returns the tenants that stand still, or `None` if it was not moved.
    fn advance(
        &mut self,
        view: &str,
        target: &Target,
    ) -> impl Future<Output = Result<Option<Vec<Uuid>>, sqlx::Error>> + Send;

    /// The checkpoint.
    fn position(&mut self, view: &str) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    /// The rows of the read models.
    fn rows(&mut self) -> &mut Self::Rows;

    /// Makes all of it visible at once, and durable later: all of it, and after the events that it was made of.
    fn commit(self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Undoes all of it.
    fn rollback(self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Rows within a transaction.
pub trait Rows: Send {
    /// Events with their personal data in plain text. In a log that seals nothing, they have it already.
    fn open(
        &mut self,
        events: Vec<Recorded>,
        _upcasters: Upcasters,
    ) -> impl Future<Output = Result<Vec<Recorded>, sqlx::Error>> + Send {
        std::future::ready(Ok(events))
    }

    /// The rows that are there.
    fn load(
        &mut self,
        table: &str,
        keys: &[RowKey],
    ) -> impl Future<Output = Result<Vec<StoredRow>, sqlx::Error>> + Send;

    /// Writes and deletes rows.
    fn store(
        &mut self,
        table: &str,
        changes: Changes,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Records where tenants stopped.
    fn park(&mut self, table: &str, stops: &[Stop]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The events of one tenant after a position, up to and including `until`, in order.
    fn of_tenant(
        &mut self,
        tenant: Uuid,
        after: i64,
        until: i64,
    ) -> impl Future<Output = Result<Vec<Recorded>, sqlx::Error>> + Send;

    /// Marks a point to go back to.
    fn savepoint(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Keeps what was done since the savepoint.
    fn release(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Undoes what was done since the savepoint, also what failed.
    fn undo(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}
