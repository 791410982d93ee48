//! What was done with a lead or about a deal.

use serde::{Deserialize, Serialize};

use crate::{Personal, Prose};

/// The sorts of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ActivityKind {
    /// A phone call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting.
    Meeting,
    /// A note.
    Note,
}

/// What was said and agreed. Personal, since people are talked about.
pub type Summary = Personal<Prose<4000>>;
