//! The one shape of every answer: `{success, data, meta, error}`, always with all four.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ProblemBody;

/// The body of every answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// Whether it worked.
    pub success: bool,
    /// What was asked for; null when it did not work.
    pub data: Option<T>,
    /// What there is to know about the data.
    #[serde(default)]
    pub meta: Meta,
    /// What went wrong; null when it worked.
    #[schema(inline = false)]
    pub error: Option<ProblemBody>,
}

/// What there is to know about the data. Everything is left out where it means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Meta {
    /// Of a command: the position of its last event in the log. Of a read: the position that the read model has reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Whether the read model has not yet reached the `X-Min-Position` that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
    /// Whether this is the stored answer to an earlier request with the same `Idempotency-Key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
    /// The page, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Most items of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Items of all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What to send as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The past moment whose state this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
}

impl<T> Envelope<T> {
    /// It worked.
    pub fn success(data: T, meta: Meta) -> Self {
        Self { success: true, data: Some(data), meta, error: None }
    }

    /// It did not work.
    pub fn failure(error: ProblemBody) -> Self {
        Self { success: false, data: None, meta: Meta::default(), error: Some(error) }
    }
}
