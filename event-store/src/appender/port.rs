//! What the appender asks of a log, so that its logic can run against any that keeps the same promises.

use std::collections::HashSet;
use std::future::Future;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::append::{Append, Claim, Stored};

/// A log that takes the events of several commands at once.
pub trait Log: Send + Sync + 'static {
    /// Writes all commands, in order, or none: durable and visible once this returns.
    fn write(&self, batch: &[&Append]) -> impl Future<Output = Result<Written, Failure>> + Send;

    /// The answer that is kept for an idempotency key.
    fn stored_answer(
        &self,
        tenant: Uuid,
        key: &str,
    ) -> impl Future<Output = Result<Option<Stored>, sqlx::Error>> + Send;

    /// The first of these claims that somebody holds.
    fn taken(
        &self,
        tenant: Uuid,
        claims: &[Claim],
    ) -> impl Future<Output = Result<Option<Claim>, sqlx::Error>> + Send;
}

/// Where a batch went.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The position before its first event.
    pub base: i64,
    /// When the log recorded it.
    pub recorded_at: DateTime<Utc>,
}

/// Why a batch as a whole was not written.
#[derive(Debug)]
pub enum Failure {
    /// At least one command in it cannot be written: single it out. The constraint in the error tells why.
    Refused(sqlx::Error),
    /// The guards of these commands, by their number in the batch, do not hold; the others may be written.
    Guards(HashSet<usize>),
    /// The log did not answer. Whether it took the batch is unknown.
    Unavailable(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        // Class 22 is content that cannot be stored, 23 a constraint: both are the fault of one command.
        let refused = error
            .as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| code.starts_with("22") || code.starts_with("23"));
        if refused { Failure::Refused(error) } else { Failure::Unavailable(error) }
    }
}
