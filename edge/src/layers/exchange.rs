//! One request and its answer: who asks, how long it takes, and what is told of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use tower::{Layer, Service};
use tracing::field::DisplayValue;
use tracing::{Instrument, field};
use uuid::Uuid;

use crate::headers::X_REQUEST_ID;
use crate::metrics::{Measured, NO_ROUTE, Requests};
use crate::trail::{Asker, Recorder};
use crate::unreadable::Unreadable;
use crate::web::ALWAYS;
use crate::whose::Named;
use crate::{Problem, TenantId, TraceParent};

/// Characters of a path that a problem repeats.
const MAX_SHOWN_PATH: usize = 300;

/// Whatever makes the answer, and what surrounds it.
#[derive(Clone)]
pub(super) struct Exchange<S> {
    inner: S,
    around: Arc<Around>,
}

/// What all requests of a router have in common.
struct Around {
    requests: Requests,
    unreadable: Unreadable,
    hsts: Option<HeaderValue>,
    recorder: Option<Recorder>,
}

/// A request under way.
struct Begun {
    at: Instant,
    measured: Measured,
    asker: Asker,
    trace: TraceParent,
}

/// Surrounds with an [`Exchange`].
#[derive(Clone)]
pub(super) struct ExchangeLayer(Arc<Around>);

impl ExchangeLayer {
    pub fn new(hsts: Option<HeaderValue>, recorder: Option<Recorder>) -> Self {
        let (requests, unreadable) = (Requests::default(), Unreadable::default());
        Self(Arc::new(Around { requests, unreadable, hsts, recorder }))
    }
}

impl<S> Layer<S> for ExchangeLayer {
    type Service = Exchange<S>;

    fn layer(&self, inner: S) -> Exchange<S> {
        Exchange { inner, around: Arc::clone(&self.0) }
    }
}

impl<S> Service<Request> for Exchange<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let around = Arc::clone(&self.around);
        let (span, begun) = around.begin(&mut request);
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(async move { Ok(around.end(begun, answer.await?)) }.instrument(span))
    }
}

impl Around {
    fn begin(&self, request: &mut Request) -> (tracing::Span, Begun) {
        let at = Instant::now();
        let route = request.extensions().get::<MatchedPath>();
        let measured = self.requests.begin(request.method(), route);
        let proxies = self.recorder.as_ref().map_or(0, |recorder| recorder.proxies);
        let asker =
            Asker::of(request.method(), request.uri(), request.headers(), request.extensions(), proxies);
        let span = tracing::info_span!(
            "request",
            method = %request.method(),
            route = route.map_or(NO_ROUTE, MatchedPath::as_str),
            request_id = %asker.correlation_id(),
            trace_id = field::Empty,
            status = field::Empty,
            latency_ms = field::Empty,
            tenant = field::Empty,
            user = field::Empty,
        );
        let trace = TraceParent::enter(&span, request.headers());
        if !span.is_disabled() {
            span.record("trace_id", trace.trace_id());
        }
        let asker = asker.traced(trace);
        request.extensions_mut().insert(asker.clone());
        (span, Begun { at, measured, asker, trace })
    }

    /// The answer as it goes to the client. Runs in the span of the request.
    fn end(&self, begun: Begun, answer: Response) -> Response {
        let Begun { at, mut measured, asker, trace } = begun;
        let problem = answer.extensions().get::<Problem>();
        if let (Some(recorder), Some(problem)) = (&self.recorder, problem) {
            recorder.record(&asker, problem);
        }
        let code = problem.map(|problem| problem.body().code.clone());
        let mut answer = dressed(answer, &asker, &trace, &self.unreadable);
        measured.answered(answer.status());
        if let Some(hsts) = &self.hsts {
            answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        answer.headers_mut().insert(X_REQUEST_ID, asker.correlation_id().header());
        let latency = u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let current = tracing::Span::current();
        current.record("status", answer.status().as_u16());
        current.record("latency_ms", latency);
        let Lined { tenant, user, key } = Lined::of(asker.named());
        if let Some(tenant) = &tenant {
            current.record("tenant", tenant);
        }
        if let Some(user) = &user {
            current.record("user", user);
        }
        tracing::info!(
            status = answer.status().as_u16(),
            latency_ms = latency,
            code = code.as_deref(),
            tenant,
            user,
            key,
            "answered"
        );
        answer
    }
}

/// Whose a request is, as log lines tell it.
struct Lined {
    tenant: Option<DisplayValue<TenantId>>,
    user: Option<DisplayValue<Uuid>>,
    key: Option<DisplayValue<Uuid>>,
}

impl Lined {
    fn of(whose: Option<Named>) -> Self {
        Self {
            tenant: whose.map(|named| field::display(named.tenant)),
            user: whose.and_then(|named| named.user).map(field::display),
            key: whose.and_then(|named| named.key).map(field::display),
        }
    }
}

/// Names the instance of a problem, logs its cause, and turns failures that are no problems yet into such.
///
/// The lines name the request themselves: the span that does so too is not there at the usual level.
fn dressed(mut answer: Response, asker: &Asker, trace: &TraceParent, unreadable: &Unreadable) -> Response {
    let problem = answer.extensions_mut().remove::<Problem>().or_else(|| foreign(&answer));
    if let Some(problem) = problem {
        let (id, whose) = (asker.correlation_id(), asker.named());
        let (trace_id, code) = (trace.trace_id(), &problem.body().code);
        let Lined { tenant, user, key } = Lined::of(whose);
        if let Some(causes) = problem.causes() {
            if problem.status() == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!(error = causes, request_id = %id, trace_id, tenant, user, key, "internal error");
            } else {
                tracing::warn!(error = causes, %code, request_id = %id, trace_id, tenant, user, key, "problem");
            }
        } else if let Some(count) = unreadable.count(problem.status(), whose) {
            tracing::warn!(%code, count, request_id = %id, trace_id, tenant, user, key, "a request that cannot be read");
        }
        let (mut parts, _) = answer.into_parts();
        let path: String = asker.uri().path().chars().take(MAX_SHOWN_PATH).collect();
        let (named, body) = problem.with_instance(format!("{path}#{id}")).into_response().into_parts();
        parts.status = named.status;
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.extend(named.headers);
        answer = Response::from_parts(parts, body);
    }
    let headers = answer.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// A problem for a failure that axum or a library answered in plain text; its text may tell too much, so it is dropped.
fn foreign(answer: &Response<Body>) -> Option<Problem> {
    let status = answer.status();
    let is_json = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::method_not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large("The body is larger than this route takes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::unsupported_media_type(),
        _ if status.is_client_error() => Problem::of_status(status, "The request does not fit this route."),
        _ => Problem::internal(format!("an answer of status {status} without a problem")),
    })
}
