//! What an API counts about its requests. The names are the contract of dashboards and alerts.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{Method, StatusCode};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Requests answered, by `method`, `route` (the template, never the path) and `status`.
pub const REQUESTS: &str = "crm_http_requests_total";
/// From the last byte of a request's header to the first of its answer, by `method` and `route`.
pub const DURATION: &str = "crm_http_request_duration_seconds";
/// Requests under way.
pub const IN_FLIGHT: &str = "crm_http_requests_in_flight";

/// Connections closed since there were too many.
pub const TURNED_AWAY: &str = "crm_http_connections_turned_away_total";

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "Requests answered, by method, route template and status.");
    describe_histogram!(DURATION, Unit::Seconds, "Time to the first byte of an answer, by method and route.");
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests under way.");
    describe_counter!(TURNED_AWAY, Unit::Count, "Connections closed since there were too many.");
}

pub(crate) fn turned_away() {
    counter!(TURNED_AWAY).increment(1);
}

/// A request under way. It is counted even if its caller goes away before the answer: then with status 499.
pub(crate) struct Measured {
    method: &'static str,
    route: Arc<str>,
    begun: Instant,
    status: StatusCode,
}

/// What nginx logs for a caller that went away; no answer carries it.
const GONE: u16 = 499;

impl Measured {
    pub(crate) fn begin(method: &Method, route: &str) -> Self {
        gauge!(IN_FLIGHT).increment(1);
        Self {
            method: known(method),
            route: route.into(),
            begun: Instant::now(),
            status: StatusCode::from_u16(GONE).unwrap_or_default(),
        }
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = status;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1);
        let status = self.status.as_str().to_owned();
        counter!(REQUESTS, "method" => self.method, "route" => self.route.clone(), "status" => status)
            .increment(1);
        histogram!(DURATION, "method" => self.method, "route" => self.route.clone())
            .record(self.begun.elapsed());
    }
}

/// A label of a bounded set: anybody may send any method.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
