//! The names by which the log is known on NATS, and an event as a message.

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;

use crate::event::{RawRecorded, Recorded};
use crate::planted::{RELAY_WITHOUT_FENCE, is_planted};
use crate::trace;

/// The header that names the event; two streams agree up to a position if this agrees there.
pub const EVENT_ID: &str = "Crm-Event-Id";

/// The largest payload that is sent. A larger event goes out empty, and who needs it reads it from the log.
/// Servers take 1 MiB by default, headers included.
const PAYLOAD_BYTES: usize = 900 * 1024;

/// Stream and subjects of one installation; two installations on one NATS need different roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamNames {
    root: String,
}

impl Default for StreamNames {
    fn default() -> Self {
        Self::rooted("crm")
    }
}

impl StreamNames {
    /// All names under `root`: letters, digits and `_`.
    pub fn rooted(root: impl Into<String>) -> Self {
        Self { root: root.into() }
    }

    /// The JetStream stream, such as `CRM_EVENTS`.
    pub fn stream(&self) -> String {
        format!("{}_EVENTS", self.root.to_uppercase())
    }

    /// Every subject of the stream, such as `crm.events.>`.
    pub fn subjects(&self) -> String {
        format!("{}.events.>", self.root)
    }

    /// The subject of one event: `crm.events.<tenant>.<context>.<aggregate>.<event>`.
    pub fn subject<E, M>(&self, event: &Recorded<E, M>) -> String {
        let fact = event.event_type.rsplit('.').next().unwrap_or_default();
        format!("{}.events.{}.{}.{fact}", self.root, event.tenant_id, event.aggregate_type)
    }

    /// Where a projection tells that its read model moved: `crm.moved.<view>`; `*` for all.
    pub fn moved(&self, view: &str) -> String {
        format!("{}.moved.{view}", self.root)
    }
}

/// The message of an event, fenced: the server takes it only as the one right after `position - 1`.
///
/// There is no message id on purpose: a dedupe window forgets, the fence does not.
pub(crate) fn message(event: &RawRecorded) -> Result<PublishMessage, serde_json::Error> {
    let mut payload = serde_json::to_vec(event)?;
    if payload.len() > PAYLOAD_BYTES {
        payload.clear();
    }
    let mut headers = HeaderMap::new();
    headers.insert(EVENT_ID, event.event_id.to_string());
    if let Some(traceparent) = trace::raw_traceparent(event) {
        headers.insert(trace::TRACEPARENT, traceparent);
    }
    let message = PublishMessage::build().payload(payload.into()).headers(headers);
    if is_planted(RELAY_WITHOUT_FENCE) {
        return Ok(message.message_id(event.event_id.to_string()));
    }
    Ok(message.expected_last_sequence(sequence(event.position) - 1))
}

/// A position as JetStream counts: positions are never negative.
pub(crate) fn sequence(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}

/// A JetStream sequence as a position.
pub fn position(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
