//! What a command hands to the log, and what may come back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::event::NewEvent;

/// The outcome of one command, or of several that were decided on top of each other: appended as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// The tenant of everything in here.
    pub tenant: Uuid,
    /// Events of one or more aggregates. May be empty: then only answers are kept.
    pub events: Vec<NewEvent>,
    /// What the decision relied on and must still hold.
    pub guards: Vec<Guard>,
    /// What to claim, each at most once in the tenant.
    pub claims: Vec<Claim>,
    /// What to give free.
    pub releases: Vec<Claim>,
    /// The answers to keep for repeated requests: of each command at most one.
    pub answers: Vec<Kept>,
    /// Keys that some of the events are the first to be sealed under.
    pub keys: Vec<WrappedKey>,
    /// Persons all of whose keys are destroyed.
    pub erased: Vec<Uuid>,
    /// Commands whose outcome it is beside the first.
    pub joined: usize,
}

impl Append {
    /// Commands whose outcome it is.
    pub(crate) fn commands(&self) -> usize {
        1 + self.joined
    }
}

/// The key of a stream, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// `<context>.<aggregate>`.
    pub aggregate_type: &'static str,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// Whom its events tell of.
    pub person: Uuid,
    /// The key of the tenant that it is wrapped by.
    pub tenant_key: Uuid,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// A condition that is checked under the lock of the log's head, so that no other append can slip in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The aggregate has no event after this sequence.
    Unmoved {
        /// `<context>.<aggregate>`.
        aggregate_type: &'static str,
        /// The aggregate.
        aggregate_id: Uuid,
        /// The sequence that the decision saw.
        sequence: i64,
    },
    /// Nothing is claimed in this scope.
    Unclaimed {
        /// The scope of the claims.
        scope: String,
    },
}

/// A value that only one holder may have within a scope of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What kind of thing, such as `invoice.number`.
    pub scope: String,
    /// The value, such as the number.
    pub value: String,
}

/// The row that makes a repeated request harmless.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// Digest of who asked for what; a repeated key with another digest is a client's error.
    pub request_hash: Vec<u8>,
    /// What to answer again.
    pub answer: Value,
}

/// An answer to keep, and where its command ends.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The row.
    pub row: Idempotency,
    /// Events of the append until the last one of the command.
    pub events: i64,
}

/// An answer that was kept for an idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Digest of the request that was answered.
    pub request_hash: Vec<u8>,
    /// The answer.
    pub answer: Value,
    /// The position of the last event of that command.
    pub position: i64,
}

/// Where the events went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Position of the last event; for no events, the head of the log.
    pub position: i64,
    /// When the log recorded them.
    pub recorded_at: DateTime<Utc>,
}

/// Why nothing was appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Another command was first: load again and decide again.
    #[error("the aggregate has moved since it was loaded")]
    Conflict,
    /// A condition no longer holds.
    #[error("what the decision relied on has changed")]
    GuardFailed(Guard),
    /// Somebody else has this value.
    #[error("{} is already taken", .0.scope)]
    ClaimTaken(Claim),
    /// The idempotency key was used before; this was the answer.
    #[error("the idempotency key was used before")]
    Replayed(Stored),
    /// The database refuses the content itself.
    #[error("the database refuses the content of the command")]
    Rejected(#[source] Arc<sqlx::Error>),
    /// The database did not answer. Whether the command took effect is unknown: ask again with the same key.
    #[error("the log is not available")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The appender has stopped: the process is shutting down.
    #[error("the log is closing")]
    Closed,
}

/// Appends for tests of which may be together.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    const THING: &str = "test.thing";

    /// One event of a thing.
    pub(crate) fn writes(id: u128, sequence: i64) -> Append {
        let event = NewEvent {
            aggregate_type: THING,
            aggregate_id: Uuid::from_u128(id),
            sequence,
            event_id: Uuid::nil(),
            event_type: "thing.done".into(),
            event_version: 1,
            payload: "{}".into(),
            metadata: "{}".into(),
        };
        Append { events: vec![event], ..Append::default() }
    }

    /// That a thing has not moved.
    pub(crate) fn unmoved(id: u128) -> Guard {
        Guard::Unmoved { aggregate_type: THING, aggregate_id: Uuid::from_u128(id), sequence: 1 }
    }
}
