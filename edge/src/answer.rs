//! Answers that worked: data, what there is to know about it, and the headers that go with it.

use axum::body::Bytes;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::{Envelope, Meta, Problem, headers};

/// A success on its way to the client. Handlers return `Result<Answer<T>, Problem>`:
///
/// ```
/// # use edge::*;
/// # use axum::extract::State;
/// # use domain::{OpportunityId, Text};
/// # use serde::{Deserialize, Serialize};
/// # use utoipa::ToSchema;
/// # enum WinOpportunity {}
/// # impl Permission for WinOpportunity {
/// #     const NAME: &'static str = "opportunity.win";
/// #     const ROLES: &'static [Role] = &[Role::Admin, Role::SalesRep];
/// # }
/// # #[derive(Clone)] struct App;
/// # impl EdgeState for App { fn token_keys(&self) -> &TokenKeys { unimplemented!() } }
/// # impl App { async fn win(&self, _: &Identity, _: OpportunityId, _: Win, _: Option<IfMatch>) -> Result<Done, Problem> { unimplemented!() } }
/// # struct Done { version: i64, position: i64 }
/// #[derive(Deserialize, ToSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Win {
///     #[schema(value_type = Option<String>)]
///     note: Option<Text<200>>,
/// }
/// #[derive(Serialize, ToSchema)]
/// struct Won { links: Links }
///
/// #[utoipa::path(post, path = "/opportunities/{id}/win", params(("id" = String, Path, format = Uuid)),
///     request_body = Win, responses((status = 200, body = Envelope<Won>)))]
/// async fn win(
///     permit: Permit<WinOpportunity>,
///     State(app): State<App>,
///     Path(id): Path<OpportunityId>,
///     seen: Option<IfMatch>,
///     Json(body): Json<Win>,
/// ) -> Result<Answer<Won>, Problem> {
///     let done = app.win(&permit, id, body, seen).await?;
///     let links = Links::new().itself(format!("/api/v1/opportunities/{id}"));
///     Ok(ok(Won { links }).with_version(done.version).with_position(done.position))
/// }
/// # let router = axum::Router::new().route("/opportunities/{id}/win", axum::routing::post(win));
/// # let _: axum::Router = finish(router).with_state(App);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Answer<T> {
    status: StatusCode,
    data: T,
    meta: Meta,
    headers: HeaderMap,
}

/// 200 with `data`.
pub fn ok<T: Serialize>(data: T) -> Answer<T> {
    Answer::new(StatusCode::OK, data)
}

/// 201 with `data`, which is to be found at `location`.
pub fn created<T: Serialize>(location: &str, data: T) -> Answer<T> {
    let answer = Answer::new(StatusCode::CREATED, data);
    match HeaderValue::from_str(location) {
        Ok(location) => answer.with_header(LOCATION, location),
        // Paths are made of ids here, so this cannot happen; an answer without the header beats none.
        Err(_) => answer,
    }
}

/// 202 with `data`: begun, not finished.
pub fn accepted<T: Serialize>(data: T) -> Answer<T> {
    Answer::new(StatusCode::ACCEPTED, data)
}

impl<T: Serialize> Answer<T> {
    /// An answer of a status.
    pub fn new(status: StatusCode, data: T) -> Self {
        Self { status, data, meta: Meta::default(), headers: HeaderMap::new() }
    }

    /// Replaces all that there is to know about the data.
    pub fn with_meta(self, meta: Meta) -> Self {
        Self { meta, ..self }
    }

    /// Names the version of the data, for a later `If-Match`.
    pub fn with_version(self, version: i64) -> Self {
        let (name, value) = headers::etag(version);
        self.with_header(name, value)
    }

    /// Names the position in the log, in `meta` and as `X-Position`.
    pub fn with_position(mut self, position: i64) -> Self {
        self.meta.position = Some(position);
        let (name, value) = headers::x_position(position);
        self.with_header(name, value)
    }

    /// Adds a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Has browsers keep or forget cookies.
    pub fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.headers.extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
        self
    }
}

impl<T: Serialize> Answer<T> {
    /// The answer as it will be sent.
    ///
    /// # Errors
    /// 500 if the data cannot be written as JSON.
    pub fn rendered(self) -> Result<Rendered, Problem> {
        let body = serde_json::to_vec(&Envelope::new(self.data, self.meta)).map_err(Problem::internal)?;
        let mut headers = self.headers;
        headers.extend(headers::JSON);
        Ok(Rendered { status: self.status, headers, body: body.into() })
    }
}

/// An answer as it is sent, as often as it is cloned: clones share the body.
#[derive(Clone, Debug)]
#[must_use]
pub struct Rendered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Rendered {
    /// Bytes of the body.
    pub fn size(&self) -> usize {
        self.body.len()
    }

    /// Adds a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match self.rendered() {
            Ok(rendered) => rendered.into_response(),
            Err(problem) => problem.into_response(),
        }
    }
}
