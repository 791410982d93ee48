//! Events as they are handed to the log and as the log gives them back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event of the log, with everything the log knows about it.
///
/// `E` is the payload and `M` the metadata: JSON as stored, or the event type of a context and [`Metadata`] once
/// decoded. As stored, so that one event that nobody can read never stops those around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded<E = Value, M = Value> {
    /// Place in the whole log: 1, 2, 3, … without a hole, in commit order.
    pub position: i64,
    /// The tenant it belongs to.
    pub tenant_id: Uuid,
    /// `<context>.<aggregate>`, such as `sales.opportunity`.
    pub aggregate_type: String,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// Place inside the aggregate, from 1.
    pub sequence: i64,
    /// Its own id, UUIDv7.
    pub event_id: Uuid,
    /// `<aggregate>.<fact>`, such as `opportunity.moved`.
    pub event_type: String,
    /// Version of the payload's shape.
    pub event_version: i32,
    /// The fact itself.
    pub payload: E,
    /// Who, when, why.
    pub metadata: M,
    /// When the log learned it; never earlier than that of the position before.
    pub recorded_at: DateTime<Utc>,
}

/// An event with its JSON as text, for whoever only passes it on.
pub type RawRecorded = Recorded<Box<RawValue>, Box<RawValue>>;

impl<E, M> Recorded<E, M> {
    /// Takes the payload and the metadata out of an event.
    pub fn take(self) -> (Recorded<(), ()>, E, M) {
        let Self {
            position,
            tenant_id,
            aggregate_type,
            aggregate_id,
            sequence,
            event_id,
            event_type,
            event_version,
            payload,
            metadata,
            recorded_at,
        } = self;
        let rest = Recorded {
            position,
            tenant_id,
            aggregate_type,
            aggregate_id,
            sequence,
            event_id,
            event_type,
            event_version,
            payload: (),
            metadata: (),
            recorded_at,
        };
        (rest, payload, metadata)
    }

    /// The same event with another form of payload and metadata.
    pub fn with<T, N>(self, payload: T, metadata: N) -> Recorded<T, N> {
        Recorded {
            payload,
            metadata,
            position: self.position,
            tenant_id: self.tenant_id,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: self.sequence,
            event_id: self.event_id,
            event_type: self.event_type,
            event_version: self.event_version,
            recorded_at: self.recorded_at,
        }
    }
}

impl<E> Recorded<E> {
    /// Who, when, why; or where it does not fit.
    pub fn read_metadata(&self) -> Result<Metadata, serde_json::Error> {
        Metadata::deserialize(&self.metadata)
    }

    /// The same event with its payload decoded and its metadata read, or the error of either.
    pub fn try_map<T, X>(self, decode: impl FnOnce(E) -> Result<T, X>) -> Result<Recorded<T, Metadata>, X>
    where
        X: From<serde_json::Error>,
    {
        let metadata = self.read_metadata()?;
        let (event, payload, _) = self.take();
        Ok(event.with(decode(payload)?, metadata))
    }
}

/// Who caused an event, when it happened in the business, and in which request. All values are strings in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The `sub` of the token, or the name of the process that acted.
    pub actor: String,
    /// Business time; may lie in the past of `recorded_at` (imports, late entries).
    pub occurred_at: DateTime<Utc>,
    /// The request or run that caused it.
    pub correlation_id: String,
    /// The import that brought it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Uuid>,
    /// The W3C `traceparent` of the request, if a request caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// An event on its way into the log; the log adds position and `recorded_at`.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// `<context>.<aggregate>`.
    pub aggregate_type: &'static str,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// The next sequence of that aggregate: the optimistic lock.
    pub sequence: i64,
    /// UUIDv7.
    pub event_id: Uuid,
    /// `<aggregate>.<fact>`.
    pub event_type: String,
    /// Version of the payload's shape.
    pub event_version: i32,
    /// The payload as JSON text.
    pub payload: String,
    /// The [`Metadata`] as JSON text.
    pub metadata: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not the float beside it, which faster readers may find.
    #[test]
    fn a_number_is_read_as_the_one_that_was_written() {
        for number in [1.0444444444444444e95, 0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX] {
            let written = serde_json::to_string(&Value::from(number)).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), Value::from(number), "{written}");
        }
    }
}
