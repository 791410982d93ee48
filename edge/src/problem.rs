//! Refusals and failures: RFC 9457 problems, carried as `error` of the envelope.
//!
//! There is no blanket `From<E: Error>`: whoever answers 500 says so, by [`Problem::internal`].

mod body;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::body::{FieldError, ProblemBody};
use crate::Failure;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{Rule, RuleKind};

/// When to come again if there are too many connections.
const FULL: Duration = Duration::from_secs(1);

/// A refusal or failure on its way to the client. It is an `Err` of handlers and extractors.
#[derive(Clone)]
pub struct Problem(Box<Parts>);

#[derive(Clone)]
struct Parts {
    body: ProblemBody,
    headers: HeaderMap,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let body = ProblemBody {
            kind: format!("/problems/{code}"),
            title: title(status).into(),
            status: status.as_u16(),
            detail: detail.into(),
            instance: None,
            code,
            errors: Vec::new(),
        };
        Self(Box::new(Parts { body, headers: HeaderMap::new(), source: None }))
    }

    /// 400: what was sent cannot be parsed at all.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.unreadable", detail)
    }

    /// 400: the URL has what may name people, which is taken by a header only.
    pub(crate) fn names_in_url(errors: Vec<FieldError>) -> Self {
        let detail = "What may name people is not taken from URLs here: send it as X-Query.";
        Self::new(StatusCode::BAD_REQUEST, "query.in_url", detail).with_errors(errors)
    }

    /// 401: no token was sent.
    pub fn unauthenticated() -> Self {
        let detail = "Send a token: Authorization: Bearer <token>.";
        Self::new(StatusCode::UNAUTHORIZED, "token.missing", detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"crm\""))
    }

    /// 401: a token was sent, but it is expired.
    pub fn token_expired() -> Self {
        let challenge = "Bearer realm=\"crm\", error=\"invalid_token\", error_description=\"expired\"";
        Self::new(StatusCode::UNAUTHORIZED, "token.expired", "The token has expired.")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 401: a token was sent, but it is not valid here. Why is not told: only forgers would profit.
    pub fn token_invalid() -> Self {
        let challenge = "Bearer realm=\"crm\", error=\"invalid_token\"";
        Self::new(StatusCode::UNAUTHORIZED, "token.invalid", "The token is not valid here.")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 401: a token was valid, and was ended before its time: a sign-out, or a change of rights. A refresh may bring a new one.
    pub fn token_revoked() -> Self {
        let challenge = "Bearer realm=\"crm\", error=\"invalid_token\", error_description=\"revoked\"";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "token.revoked",
            "The token was ended. Refresh it, or sign in again.",
        )
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 401: neither a token nor other credentials were good. `detail` must be the same for all that may be wrong with them.
    pub fn not_signed_in(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"crm\""))
    }

    /// 403: the caller is known and lacks a permission, such as `lead.capture`.
    pub fn forbidden(permission: &str) -> Self {
        let detail = format!("This needs the permission {permission}, which none of your roles has.");
        Self::new(StatusCode::FORBIDDEN, "permission.missing", detail)
    }

    /// 403: the caller has the permission, and it does not reach as far as what the command would lead to.
    pub fn beyond_reach() -> Self {
        let detail = "What your roles let you do does not reach this owner: it must be you, or somebody in a team of yours.";
        Self::new(StatusCode::FORBIDDEN, "permission.reach", detail)
    }

    /// 403: what is asked for would tell, or write, a field that the roles of the caller hide.
    pub fn field_hidden(errors: Vec<FieldError>) -> Self {
        let detail = "Your roles hide a field from you, so you can neither ask by it nor set it.";
        Self::new(StatusCode::FORBIDDEN, "field.hidden", detail).with_errors(errors)
    }

    /// 403: the caller acts by a key that was not given a permission.
    pub fn out_of_scope(permission: &str) -> Self {
        let detail = format!("This needs the permission {permission}, which this key was not given.");
        Self::new(StatusCode::FORBIDDEN, "permission.missing", detail)
    }

    /// 401: whoever is signed in has to show once more who they are (RFC 9470).
    pub fn step_up_required() -> Self {
        let challenge = "Bearer realm=\"crm\", error=\"insufficient_user_authentication\", max_age=300";
        let detail = "Show once more who you are: POST /api/v1/sessions/step-up gives a token for this.";
        Self::new(StatusCode::UNAUTHORIZED, "step_up.required", detail)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: a key was sent for what changes how somebody signs in.
    pub fn person_required() -> Self {
        let detail = "No key can change how somebody signs in. Sign in, and show once more who you are.";
        Self::new(StatusCode::FORBIDDEN, "person.required", detail)
    }

    /// 403: the token is good, and belongs to no session that was opened here.
    pub fn no_session() -> Self {
        let detail = "This needs a session of yours: sign in with POST /api/v1/sessions.";
        Self::new(StatusCode::FORBIDDEN, "session.missing", detail)
    }

    /// 403: a page of a stranger sends it, in the name of whoever is signed in by cookie.
    pub fn foreign_origin() -> Self {
        let detail = "Pages of this origin may not act for whoever is signed in by cookie.";
        Self::new(StatusCode::FORBIDDEN, "csrf.origin", detail)
    }

    /// 403: whoever is signed in by cookie has to send the token of the session, too.
    pub fn csrf_token() -> Self {
        let detail = "Send the csrf_token of the session as X-CSRF-Token.";
        Self::new(StatusCode::FORBIDDEN, "csrf.token", detail)
    }

    /// 404: not found, not yours, or never existed. The text is one and the same, so that nobody can tell which.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here that you may see.")
    }

    /// 405. The router adds the `Allow` header.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed", "See the Allow header.")
    }

    /// 408: the request did not arrive in time.
    pub fn too_slow(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request.too_slow", detail)
    }

    /// 409: a rule refused. `code` is the rule's stable name, such as `opportunity.closed`.
    pub fn refused(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 404, 409 or 422: what a rule of the domain said.
    pub fn rule(rule: &(impl Rule + ?Sized)) -> Self {
        match rule.kind() {
            RuleKind::NotFound => Self::not_found(),
            RuleKind::Refused => Self::refused(rule.code(), rule.to_string()),
            RuleKind::Invalid => Self::new(StatusCode::UNPROCESSABLE_ENTITY, rule.code(), rule.to_string()),
        }
    }

    /// 412: the `If-Match` of the request names a version that is no longer the present one.
    pub fn stale_version() -> Self {
        let detail = "It has changed since you read it. Read it again, then decide again.";
        Self::new(StatusCode::PRECONDITION_FAILED, "version.stale", detail)
    }

    /// 413: a body beyond the limit.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", detail)
    }

    /// 415: a body that does not call itself `application/json`.
    pub fn unsupported_media_type() -> Self {
        let detail =
            "Send the body as UTF-8 JSON with Content-Type: application/json, without Content-Encoding.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media_type", detail)
    }

    /// 422: well-formed, but these fields are bad.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "1 field is invalid.".to_owned(),
            count => format!("{count} fields are invalid."),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "values.invalid", detail);
        problem.0.body.errors = errors;
        problem
    }

    /// 429: slow down, come back after `retry_after`.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate.limited",
            "Too many requests. See the Retry-After header.",
        )
        .with_retry_after(retry_after)
    }

    /// 429: a user or a tenant gives more commands than there may be.
    pub fn too_many_commands(retry_after: Duration) -> Self {
        let detail = "Too many commands of this user or tenant. See the Retry-After header.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "commands.limited", detail).with_retry_after(retry_after)
    }

    /// 429: an address has as many connections as it may have.
    pub(crate) fn too_many_connections() -> Self {
        let detail = "There are too many connections from this address.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate.limited", detail).with_retry_after(FULL)
    }

    /// 503: there are as many connections as there may be.
    pub(crate) fn full() -> Self {
        Self::unavailable(FULL, "There are too many connections.")
    }

    /// 431: more header fields than anyone needs.
    pub fn headers_too_large() -> Self {
        let detail = "The header of the request is too large.";
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers.too_large", detail)
    }

    /// 500: our own failure. The client learns nothing of `source`; it is logged once, when the answer leaves.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = "Something went wrong on our side. Quote the request id to support.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).with_source(source)
    }

    /// 503: not now; come back after `retry_after`. `detail` is shown to the client.
    pub fn unavailable(retry_after: Duration, detail: impl Into<String>) -> Self {
        Self::unavailable_for("unavailable", retry_after, detail)
    }

    /// The same for a reason that clients may want to tell from others.
    pub fn unavailable_for(
        code: impl Into<Cow<'static, str>>,
        retry_after: Duration,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).with_retry_after(retry_after)
    }

    /// A problem for an answer that somebody else (axum, a library) made without one.
    pub(crate) fn of_status(status: StatusCode, detail: &'static str) -> Self {
        Self::new(status, "request.refused", detail)
    }

    /// Adds the cause: logged with its whole chain when the answer leaves, never shown.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds bad fields, for problems of another code than that of [`Problem::invalid`].
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.body.errors = errors;
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    fn with_retry_after(self, wait: Duration) -> Self {
        // Whole seconds, rounded up: nobody should come back too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    pub(crate) fn with_instance(mut self, instance: String) -> Self {
        self.0.body.instance = Some(instance);
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// A header of the answer.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// What the client will see.
    pub fn body(&self) -> &ProblemBody {
        &self.0.body
    }

    /// The cause and the causes of the cause, outermost first; what the log gets.
    pub(crate) fn causes(&self) -> Option<String> {
        let source = self.0.source.as_ref()?;
        let mut text = shown(source.as_ref());
        let mut next = source.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&shown(cause));
            next = cause.source();
        }
        Some(text)
    }
}

/// An error as the log may have it. One about JSON repeats the value that does not fit, which may be about a person.
fn shown(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<serde_json::Error>() {
        Some(error) => format!("JSON does not fit ({:?} error)", error.classify()),
        None => error.to_string(),
    }
}

/// What sort of problem a status is.
fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request cannot be read",
        401 => "Authentication is needed",
        403 => "Not permitted",
        404 => "Not found",
        405 => "The method is not allowed here",
        408 => "The request is too slow",
        409 => "A rule refuses this",
        412 => "The version is stale",
        413 => "The body is too large",
        415 => "The body has the wrong media type",
        422 => "Some values are invalid",
        429 => "Too many requests",
        431 => "The header is too large",
        503 => "Not available at the moment",
        500.. => "Something went wrong on our side",
        _ => "The request is refused",
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem").field("body", &self.0.body).field("source", &self.0.source).finish()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.body.status, self.0.body.code, self.0.body.detail)
    }
}

impl IntoResponse for Problem {
    /// The problem also goes along as an extension, from which [`crate::finish`] names the instance and logs the cause.
    fn into_response(self) -> Response {
        let body = axum::Json(Failure::new(self.0.body.clone()));
        let mut response = (self.status(), self.0.headers.clone(), body).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
