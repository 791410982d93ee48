//! The OpenAPI document: completed with what all operations have in common, and served with Swagger UI.

use std::collections::BTreeMap;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::map_response;
use axum::response::Response as Page;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

use crate::Failure;

/// Where the document is served.
pub const DOCUMENT: &str = "/api/openapi.json";
/// Where Swagger UI is served.
pub const SWAGGER_UI: &str = "/docs";

/// What the pages of Swagger UI may load: their own files, and the styles and pictures that they make themselves. They ask
/// nobody but this API.
const PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// Completes documents that the routers of an API have gathered.
pub trait OpenApiExt {
    /// Adds the bearer token to every operation that does not declare its own security (`security(())` for none), and
    /// the refusals that can happen there: 400, 401, 403, 404, 408, 413, 415, 422, 429, 431, 503; and `X-Query` to every
    /// read that takes a query. What an operation declares itself stays as it is.
    #[must_use]
    fn completed(self) -> Self;
}

impl OpenApiExt for OpenApi {
    fn completed(mut self) -> Self {
        let components = self.components.get_or_insert_default();
        let mut schemas = vec![(Failure::name().into_owned(), Failure::schema())];
        Failure::schemas(&mut schemas);
        components.schemas.extend(schemas);
        let scheme = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.security_schemes.insert(BEARER.to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
        refer(&mut components.schemas);
        for (path, item) in &mut self.paths.paths {
            if let Some(read) = &mut item.get {
                take_query(read);
            }
            for operation in operations(item) {
                complete(operation, path.contains('{'));
            }
        }
        self
    }
}

/// The document at [`DOCUMENT`] and Swagger UI at [`SWAGGER_UI`], for everybody to read.
pub fn router<S: Clone + Send + Sync + 'static>(document: OpenApi) -> Router<S> {
    let router: Router<S> = SwaggerUi::new(SWAGGER_UI).url(DOCUMENT, document).into();
    router.layer(map_response(async |mut page: Page| {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, PAGES);
        name_charset(page.headers_mut());
        page
    }))
}

/// Only the document at [`DOCUMENT`].
pub fn document<S: Clone + Send + Sync + 'static>(document: OpenApi) -> Router<S> {
    Router::new().route(DOCUMENT, get(async move || Json(document)))
}

/// Says that text is UTF-8, as all files of Swagger UI are.
fn name_charset(headers: &mut HeaderMap) {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some(kind) = kind.filter(|kind| kind.starts_with("text/") && !kind.contains("charset")) else {
        return;
    };
    if let Ok(named) = HeaderValue::from_str(&format!("{kind}; charset=utf-8")) {
        headers.insert(CONTENT_TYPE, named);
    }
}

/// Puts references for the schemas that utoipa repeats inside of every envelope (`Envelope_Deal`, `Envelope_Vec_Deal`),
/// so that clients made from the document have one type for one thing.
fn refer(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let known = schemas.clone();
    for (envelope, schema) in schemas {
        let (Some(name), RefOr::T(Schema::Object(object))) = (envelope.strip_prefix("Envelope_"), schema)
        else {
            continue;
        };
        let (name, data) = match (name.strip_prefix("Vec_"), object.properties.get_mut("data")) {
            (Some(item), Some(RefOr::T(Schema::Array(array)))) => match &mut array.items {
                ArrayItems::RefOrSchema(items) => (item, items.as_mut()),
                ArrayItems::False => continue,
            },
            (_, Some(data)) => (name, data),
            (_, None) => continue,
        };
        if known.get(name) == Some(data) {
            *data = Ref::from_schema_name(name).into();
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch, &mut item.head]
        .into_iter()
        .filter_map(Option::as_mut)
}

/// Says that a read which takes a query takes it by the header as well, and may insist on that.
fn take_query(read: &mut Operation) {
    let Some(parameters) = &mut read.parameters else { return };
    let mut places = parameters.iter().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(&parameter.parameter_in),
        RefOr::Ref(_) => None,
    });
    if places.any(|place| *place == ParameterIn::Query) {
        parameters.push(RefOr::T(x_query()));
        let refused = failure("The URL has what has to come as X-Query");
        read.responses.responses.entry("400".to_owned()).or_insert(RefOr::T(refused));
    }
}

fn x_query() -> Parameter {
    let text = "Any of the parameters above, in the form that they have in a URL, such as `q=Ada&filter[email]=a%40b.example`: so \
                that names are in no URL. What comes by it is no different from what comes by the URL. A hardened installation takes \
                `q`, `cursor`, `actor` and filters by it only.";
    ParameterBuilder::new()
        .name("X-Query")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(String::schema()))
        .build()
}

fn complete(operation: &mut Operation, has_parameters: bool) {
    let bearer = || vec![SecurityRequirement::new(BEARER, Vec::<String>::new())];
    let security = operation.security.get_or_insert_with(bearer);
    let is_open = security.contains(&SecurityRequirement::default());
    let has_body = operation.request_body.is_some();
    let common = [
        ("400", "What was sent cannot be read", has_body),
        ("401", "A valid token is needed", !is_open),
        ("403", "None of the caller's roles has the permission", !is_open),
        ("404", "There is nothing here that the caller may see", has_parameters),
        ("408", "The body took too long to arrive", has_body),
        ("413", "The body is too large", has_body),
        ("415", "The body is not called application/json", has_body),
        ("422", "Some values are invalid; each is named", true),
        ("429", "Too many requests; see Retry-After", true),
        ("431", "The header is too large, path and query included", true),
        ("503", "Not available at the moment; see Retry-After", true),
    ];
    for (status, text, _) in common.into_iter().filter(|(_, _, applies)| *applies) {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(failure(text)));
    }
}

fn failure(text: &str) -> Response {
    let schema = Ref::from_schema_name(Failure::name());
    ResponseBuilder::new().description(text).content("application/json", Content::new(Some(schema))).build()
}
