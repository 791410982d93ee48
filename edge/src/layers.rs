//! What surrounds every request: its id and span, limits, and the promise that every answer is an envelope.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::field::DisplayValue;
use tracing::{Instrument, field};
use uuid::Uuid;

use crate::headers::X_REQUEST_ID;
use crate::metrics::{NO_ROUTE, Requests};
use crate::unreadable::Unreadable;
use crate::web::{ALWAYS, WebPolicy};
use crate::whose::{Named, Whose};
use crate::{CorrelationId, Problem, TenantId, TraceParent};

/// Bytes of the largest body. A route that takes more layers its own `DefaultBodyLimit`.
pub const MAX_BODY: usize = 1024 * 1024;
/// The time in which an answer must begin.
pub const MAX_TIME: Duration = Duration::from_secs(30);
/// Most header fields of a request.
pub const MAX_HEADERS: usize = 100;
/// Bytes of all header fields of a request together.
pub const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Characters of a path that a problem repeats.
const MAX_SHOWN_PATH: usize = 300;

/// Finishes a router, once, after all routers are merged and as the last step before it is served: limits, request ids,
/// tracing, and an envelope for whatever goes wrong, be it an unknown path, a wrong method, a rejection of axum's own, a
/// panic or a time-out.
///
/// A span holds method, route, request id, trace id, status, latency, and the ids of tenant and user; never the query, which may
/// hold personal data.
pub fn finish<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    finish_for(router, &WebPolicy::default())
}

/// The same, for browsers that this policy is about.
pub fn finish_for<S: Clone + Send + Sync + 'static>(router: Router<S>, web: &WebPolicy) -> Router<S> {
    let (requests, unreadable, hsts) = (Requests::default(), Unreadable::default(), web.hsts());
    let router = router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(guarded));
    // Around all that can go wrong, since a page that may call is told what did.
    let router = match web.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(from_fn(move |request, next| {
        exchange(requests.clone(), unreadable.clone(), hsts.clone(), request, next)
    }))
}

/// One request and its answer.
async fn exchange(
    requests: Requests,
    unreadable: Unreadable,
    hsts: Option<HeaderValue>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = CorrelationId::of(request.headers());
    let path: String = request.uri().path().chars().take(MAX_SHOWN_PATH).collect();
    let route = request.extensions().get::<MatchedPath>();
    let mut measured = requests.begin(request.method(), route);
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        route,
        request_id = %id,
        trace_id = field::Empty,
        status = field::Empty,
        latency_ms = field::Empty,
        tenant = field::Empty,
        user = field::Empty,
    );
    let (trace, whose) = (TraceParent::enter(&span, request.headers()), Whose::default());
    if !span.is_disabled() {
        span.record("trace_id", trace.trace_id());
    }
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(trace);
    request.extensions_mut().insert(whose.clone());
    async {
        let answer = next.run(request).await;
        let code = answer.extensions().get::<Problem>().map(|problem| problem.body().code.clone());
        let whose = whose.named();
        let mut answer = dressed(answer, &id, &trace, &path, whose, &unreadable);
        measured.answered(answer.status());
        if let Some(hsts) = hsts {
            answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, hsts);
        }
        answer.headers_mut().insert(X_REQUEST_ID, id.header());
        let latency = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let current = tracing::Span::current();
        current.record("status", answer.status().as_u16());
        current.record("latency_ms", latency);
        let Lined { tenant, user, key } = Lined::of(whose);
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
    .instrument(span)
    .await
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

/// The answer within the time limit, panics included.
async fn guarded(request: Request, next: Next) -> Response {
    if is_too_large(request.headers()) {
        return Problem::headers_too_large().into_response();
    }
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(MAX_TIME, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => Problem::internal(panic_text(panic.as_ref())).into_response(),
        Err(late) => {
            let detail = "It took too long. Whether it was done is not known: send it again with the same Idempotency-Key.";
            Problem::unavailable(Duration::from_secs(1), detail).with_source(late).into_response()
        }
    }
}

fn is_too_large(headers: &HeaderMap) -> bool {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a text"))
}

/// Names the instance of a problem, logs its cause, and turns failures that are no problems yet into such.
///
/// The lines name the request themselves: the span that does so too is not there at the usual level.
fn dressed(
    mut answer: Response,
    id: &CorrelationId,
    trace: &TraceParent,
    path: &str,
    whose: Option<Named>,
    unreadable: &Unreadable,
) -> Response {
    let problem = answer.extensions_mut().remove::<Problem>().or_else(|| foreign(&answer));
    if let Some(problem) = problem {
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
