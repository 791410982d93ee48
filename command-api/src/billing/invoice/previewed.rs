//! What a preview is answered with.

use std::collections::BTreeMap;

use domain::InvoiceId;
use domain::billing::invoice::Document;
use edge::{Answer, Envelope, Failure, Links, Problem, ok};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use crate::billing::INVOICES;

/// The document that a draft would become.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// All that it says, as `invoice.issued` would tell it; it has no number.
    #[schema(value_type = Object)]
    pub document: Box<RawValue>,
    /// Where to read the draft.
    pub links: Links,
}

/// The schemas that [`Previews`] refers to.
#[derive(OpenApi)]
#[openapi(components(schemas(Preview, Envelope<Preview>)))]
pub(crate) struct Schemas;

/// The documented answers of a preview.
pub(super) struct Previews;

impl IntoResponses for Previews {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let answer = |description: &str, schema: Ref| {
            let content = Content::new(Some(schema));
            let response =
                ResponseBuilder::new().description(description).content("application/json", content);
            RefOr::T(response.build())
        };
        let shown = answer("What would be issued", Ref::from_schema_name("Envelope_Preview"));
        let refused = answer("A rule keeps it from being issued", Ref::from_schema_name(Failure::name()));
        BTreeMap::from([("200".to_owned(), shown), ("409".to_owned(), refused)])
    }
}

/// The answer with a document, written once, so that it is the same to the byte as in an event.
pub(super) fn answer(id: InvoiceId, document: &Document) -> Result<Answer<Preview>, Problem> {
    let document = serde_json::value::to_raw_value(document).map_err(Problem::internal)?;
    let links = Links::new().itself(format!("{INVOICES}/{id}"));
    Ok(ok(Preview { document, links }))
}
