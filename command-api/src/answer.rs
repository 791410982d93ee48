//! How accepted commands are answered.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use edge::{Answer, Envelope, Failure, Links, created, ok};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{Content, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, PartialSchema, ToSchema};
use uuid::Uuid;

use crate::Accepted;

/// Marks the answer to an earlier request with the same `Idempotency-Key`. A header, so that the bodies are the same.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What a command did: which thing it was about, and its version now, which is also the `ETag`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The thing.
    pub id: Uuid,
    /// Its version: send it as `If-Match` to change it only as long as nobody else did.
    #[schema(example = 3)]
    pub version: i64,
    /// The opportunity that the lead became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<Uuid>,
    /// The stage that was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<Uuid>,
    /// The number that the invoice or credit note was issued under.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "INV-2026-00042")]
    pub number: Option<String>,
    /// The repayment that was made of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<Uuid>,
    /// The credit note that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_note_id: Option<Uuid>,
    /// Where to read it.
    pub links: Links,
}

/// The answer of a command on something in `collection`, such as `/api/v1/leads`.
pub fn answer(collection: &str, accepted: Accepted) -> Answer<Changed> {
    let Accepted { id, version, position, created: new, replayed: again, .. } = accepted;
    let Accepted { opportunity_id, stage_id, number, refund_id, credit_note_id, .. } = accepted;
    let location = format!("{collection}/{id}");
    let mut links = Links::new().itself(&location);
    if let Some(opportunity) = opportunity_id {
        links = links.get("opportunity", format!("{}/{opportunity}", crate::sales::OPPORTUNITIES));
    }
    if let Some(credit_note) = credit_note_id {
        links = links.get("credit_note", format!("{}/{credit_note}", crate::billing::CREDIT_NOTES));
    }
    let data = Changed { id, version, opportunity_id, stage_id, number, refund_id, credit_note_id, links };
    let answer = if new { created(&location, data) } else { ok(data) };
    let answer = answer.with_version(version).with_position(position);
    if again { replayed(answer) } else { answer }
}

/// The answer to an earlier request.
pub(crate) fn replayed<T: Serialize>(answer: Answer<T>) -> Answer<T> {
    answer.with_header(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"))
}

/// The schemas that [`Creates`] and [`Changes`] refer to, since responses do not bring theirs along.
#[derive(OpenApi)]
#[openapi(components(schemas(Changed, Envelope<Changed>, Failure)))]
pub(crate) struct Schemas;

/// The documented answers of a command that creates something.
pub struct Creates;

/// The documented answers of a command that makes sure that something exists.
pub struct Ensures;

/// The documented answers of a command that changes something.
pub struct Changes;

impl IntoResponses for Creates {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([
            ("201", success("Created; Location tells where").header("Location", text("Where it is")).build()),
            ("409", failure("A rule refuses it")),
        ])
    }
}

impl IntoResponses for Ensures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Creates::responses();
        all.extend(responses([("200", success("It existed already").build())]));
        all
    }
}

impl IntoResponses for Changes {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses([
            ("200", success("Done, or nothing had to be done").build()),
            ("409", failure("A rule refuses it in the present state")),
            ("412", failure("It has another version than If-Match asks for")),
        ])
    }
}

fn responses<const N: usize>(all: [(&str, Response); N]) -> BTreeMap<String, RefOr<Response>> {
    all.into_iter().map(|(status, response)| (status.to_owned(), RefOr::T(response))).collect()
}

fn success(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(Ref::from_schema_name("Envelope_Changed"))))
        .header("ETag", text("The version, in quotes"))
        .header(
            "X-Position",
            text("The position in the log; send it as X-Min-Position to read what was done"),
        )
        .header("Idempotent-Replayed", text("true if this answers an earlier request with the same key"))
}

fn failure(description: &str) -> Response {
    let schema = Ref::from_schema_name(Failure::name());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(schema)))
        .build()
}

fn text(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(String::schema())).description(Some(description)).build()
}
