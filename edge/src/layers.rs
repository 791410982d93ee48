//! What surrounds every request: its id and span, limits, and the promise that every answer is an envelope.

mod exchange;
mod guard;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tower::layer::layer_fn;

use crate::Problem;
use crate::trail::Recorder;
use crate::web::WebPolicy;
use exchange::ExchangeLayer;
use guard::Guard;

/// Bytes of the largest body. A route that takes more layers its own `DefaultBodyLimit`.
pub const MAX_BODY: usize = 1024 * 1024;
/// The time in which an answer must begin.
pub const MAX_TIME: Duration = Duration::from_secs(30);
/// Most header fields of a request.
pub const MAX_HEADERS: usize = 100;
/// Bytes of all header fields of a request together.
pub const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Finishes a router, once, after all routers are merged and as the last step before it is served: limits, request ids,
/// tracing, and an envelope for whatever goes wrong, be it an unknown path, a wrong method, a rejection of axum's own, a
/// panic or a time-out.
///
/// A span holds method, route, request id, trace id, status, latency, and the ids of tenant and user; never the query, which may
/// hold personal data.
pub fn finish<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    finish_for(router, &WebPolicy::default(), None)
}

/// The same, by this policy of browsers and URLs; what routes refuse goes into the trail, if there is one.
///
/// All of it is one layer of the router: for each request, axum makes a copy of whatever a layer surrounds.
pub fn finish_for<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    web: &WebPolicy,
    recorder: Option<Recorder>,
) -> Router<S> {
    let router = router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    let exchange = ExchangeLayer::new(web.hsts(), recorder);
    let names = web.names();
    let within = (layer_fn(move |inner| Guard::new(inner, names)), DefaultBodyLimit::max(MAX_BODY));
    match web.cors() {
        // Around all that can go wrong, since a page that may call is told what did.
        Some(cors) => router.layer((exchange, cors, within)),
        None => router.layer((exchange, within)),
    }
}
