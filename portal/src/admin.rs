//! What operators read and the public must not: `/metrics`, on an address of its own, beside `/health`.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use edge::Check;
use metrics_exporter_prometheus::PrometheusHandle;

/// The content type of the text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/metrics` and `/health`. A scrape asks no server: it tells what was gathered.
pub fn router(metrics: PrometheusHandle, checks: Vec<Check>) -> Router {
    let scrape = move || {
        let metrics = metrics.clone();
        async move { ([(CONTENT_TYPE, TEXT)], metrics.render()) }
    };
    edge::finish(Router::new().route("/metrics", get(scrape)).merge(edge::health::router(checks)))
}
