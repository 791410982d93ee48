//! What comes of a command that was not refused.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A command that was accepted, whether or not anything had to change. Kept as JSON for requests that repeat a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The aggregate that the command was about.
    pub id: Uuid,
    /// Its version now: the sequence of its last event.
    pub version: i64,
    /// The position of the command's last event; for a command that changed nothing, one at which all that it saw was
    /// in the log already. The log keeps it beside the answer.
    #[serde(skip)]
    pub position: i64,
    /// Whether the command created the aggregate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub created: bool,
    /// The opportunity that a lead became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<Uuid>,
    /// The stage that was added to a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<Uuid>,
    /// The number that an invoice was issued under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The repayment that was made of a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<Uuid>,
    /// The credit note that was issued of an invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_note_id: Option<Uuid>,
    /// Whether this is the answer to an earlier request with the same key.
    #[serde(skip)]
    pub replayed: bool,
}

impl Accepted {
    /// Of an aggregate that has this version now.
    pub fn of(id: Uuid, version: i64) -> Self {
        Self {
            id,
            version,
            position: 0,
            created: false,
            opportunity_id: None,
            stage_id: None,
            number: None,
            refund_id: None,
            credit_note_id: None,
            replayed: false,
        }
    }
}
