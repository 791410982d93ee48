//! What a read model has to say about itself.

use domain::{DecodeError, Event};
use event_store::{Metadata, Recorded, Upcasters};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// An event of the log, decoded.
pub type Fact = Recorded<Event, Metadata>;

/// A pure fold from events to rows. Everything else is the runner's.
pub trait Projection: Send + Sync + 'static {
    /// One row, stored as its JSON.
    type Row: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static;

    /// The table in schema `read_model`, such as `sales_lead_list`.
    const NAME: &'static str;

    /// The aggregate types whose events it reads; others are not even decoded for it.
    const READS: &'static [&'static str];

    /// The rows of the event's tenant that the event touches.
    fn keys(fact: &Fact) -> Vec<Uuid>;

    /// Folds the event into one of these rows; `None` is a row that is not there.
    fn apply(row: &mut Option<Self::Row>, key: Uuid, fact: &Fact) -> Result<(), FoldError>;
}

/// Why an event could not be folded. The tenant's rows of this read model then stand still.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The event cannot be read by this build.
    #[error("the event cannot be decoded")]
    Undecodable(#[from] DecodeError),
    /// Who caused the event, or when, cannot be read.
    #[error("the metadata cannot be read")]
    UnreadableMetadata(#[from] serde_json::Error),
    /// The event needs a row that is not there.
    #[error("{event_type} needs the row {key}, which is not there")]
    MissingRow {
        /// The event.
        event_type: String,
        /// The row.
        key: Uuid,
    },
    /// The stored row is not of this build's shape: the read model has to be rebuilt.
    #[error("the stored row cannot be read; rebuild the read model")]
    UnreadableRow(#[source] serde_json::Error),
    /// The table does not take a row that this event, or one soon after it, leads to.
    #[error("the table refuses a row")]
    RefusedRow(#[source] sqlx::Error),
}

/// The row that an event needs.
pub fn existing<'r, R>(row: &'r mut Option<R>, key: Uuid, fact: &Fact) -> Result<&'r mut R, FoldError> {
    row.as_mut().ok_or_else(|| FoldError::MissingRow { event_type: fact.event_type.clone(), key })
}

/// Brings a stored event to its newest shape and decodes it.
pub fn decode(recorded: Recorded, upcasters: Upcasters) -> Result<Fact, FoldError> {
    let (kind, version) = (recorded.event_type.clone(), recorded.event_version);
    let aggregate_type = recorded.aggregate_type.clone();
    recorded.try_map(|payload| Ok(Event::decode(&aggregate_type, upcasters.newest(&kind, version, payload))?))
}
