//! The one shape of every answer: `{success, data, meta, error}`, always with all four.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::ProblemBody;

/// The body of an answer that worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// True.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// What there is to know about the data.
    pub meta: Meta,
    /// Null.
    #[schema(schema_with = null)]
    pub error: (),
}

/// The body of an answer that did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// False.
    pub success: bool,
    /// Null.
    #[schema(schema_with = null)]
    pub data: (),
    /// Empty.
    pub meta: Meta,
    /// What went wrong.
    pub error: ProblemBody,
}

fn null() -> Schema {
    ObjectBuilder::new().schema_type(Type::Null).into()
}

/// What there is to know about the data. Everything is left out where it means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    pub fn new(data: T, meta: Meta) -> Self {
        Self { success: true, data, meta, error: () }
    }
}

impl Failure {
    /// It did not work.
    pub fn new(error: ProblemBody) -> Self {
        Self { success: false, data: (), meta: Meta::default(), error }
    }
}
