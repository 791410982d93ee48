//! Problems as clients see them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem as the client sees it (RFC 9457), with two members of ours: `code` and `errors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A stable relative URI, `/problems/` and the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/opportunity.closed")]
    pub kind: String,
    /// What sort of problem it is, the same for every problem of a status.
    #[schema(value_type = String)]
    pub title: Cow<'static, str>,
    /// The HTTP status once more.
    #[schema(example = 409)]
    pub status: u16,
    /// What is wrong this time, for people. It never repeats the values that were sent.
    pub detail: String,
    /// This occurrence: the path, and after `#` the request id to quote to support.
    pub instance: Option<String>,
    /// The stable name of the problem, for programs.
    #[schema(value_type = String, example = "opportunity.closed")]
    pub code: Cow<'static, str>,
    /// Every bad field, all at once. Empty unless values are invalid.
    pub errors: Vec<FieldError>,
}

/// One bad field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a dotted path into the body (`lines.0.amount`), or the name of a query parameter or header. Empty for
    /// the body as a whole.
    #[schema(example = "contact.email")]
    pub field: String,
    /// `required`, `unknown`, `duplicate`, `type`, `invalid`, `conflict`, `too_many`, `hidden` or `in_url`.
    #[schema(value_type = String, example = "invalid")]
    pub code: Cow<'static, str>,
    /// What is wrong, to be read after the name of the field: "must be …".
    #[schema(example = "must be an e-mail address")]
    pub message: String,
}

impl FieldError {
    /// A bad field.
    pub fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}
