//! What an API counts about its requests. The names are the contract of dashboards and alerts.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

/// Requests answered, by `method`, `route` (the template, never the path) and `status`.
pub const REQUESTS: &str = "crm_http_requests_total";
/// From the last byte of a request's header to the first of its answer, by `method` and `route`.
pub const DURATION: &str = "crm_http_request_duration_seconds";
/// Requests under way.
pub const IN_FLIGHT: &str = "crm_http_requests_in_flight";

/// Connections closed since there were too many.
pub const TURNED_AWAY: &str = "crm_http_connections_turned_away_total";

/// Entries written into the trail.
pub const TRAIL_WRITTEN: &str = "crm_trail_entries_total";
/// Entries that the trail lost, by `reason`: queue full, flood or refused.
pub const TRAIL_DROPPED: &str = "crm_trail_dropped_total";

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "Requests answered, by method, route template and status.");
    describe_histogram!(DURATION, Unit::Seconds, "Time to the first byte of an answer, by method and route.");
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests under way.");
    describe_counter!(TURNED_AWAY, Unit::Count, "Connections closed since there were too many.");
    describe_counter!(TRAIL_WRITTEN, Unit::Count, "Entries written into the trail.");
    describe_counter!(TRAIL_DROPPED, Unit::Count, "Entries that the trail lost, by reason.");
}

pub(crate) fn trail_written(count: usize) {
    counter!(TRAIL_WRITTEN).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

pub(crate) fn trail_dropped(reason: &'static str, count: usize) {
    counter!(TRAIL_DROPPED, "reason" => reason).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

pub(crate) fn turned_away() {
    counter!(TURNED_AWAY).increment(1);
}

/// What the requests of a router are counted with. A series is looked up in the recorder once, when it is first needed: the
/// recorder takes longer to find it than to count.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Parts>);

#[derive(Default)]
struct Parts {
    in_flight: OnceLock<Gauge>,
    /// By the template of the route, then by method and status.
    answered: RwLock<HashMap<Arc<str>, ByOutcome>>,
}

type ByOutcome = HashMap<(&'static str, u16), Answered>;

#[derive(Clone)]
struct Answered {
    total: Counter,
    duration: Histogram,
}

impl Requests {
    pub(crate) fn begin(&self, method: &Method, route: Option<&MatchedPath>) -> Measured {
        let in_flight = self.0.in_flight.get_or_init(|| gauge!(IN_FLIGHT));
        in_flight.increment(1);
        Measured {
            requests: self.clone(),
            method: known(method),
            route: route.cloned(),
            begun: Instant::now(),
            status: GONE,
        }
    }

    fn answered(&self, method: &'static str, route: &str, status: u16) -> Answered {
        let known = self.0.answered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(route).and_then(|series| series.get(&(method, status))) {
            return found.clone();
        }
        drop(known);
        let name: Arc<str> = route.into();
        let status_text = status.to_string();
        let answered = Answered {
            total: counter!(REQUESTS, "method" => method, "route" => Arc::clone(&name), "status" => status_text),
            duration: histogram!(DURATION, "method" => method, "route" => Arc::clone(&name)),
        };
        let mut known = self.0.answered.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(name).or_default().entry((method, status)).or_insert(answered).clone()
    }
}

/// A request under way. It is counted even if its caller goes away before the answer: then with status 499.
pub(crate) struct Measured {
    requests: Requests,
    method: &'static str,
    route: Option<MatchedPath>,
    begun: Instant,
    status: u16,
}

/// What nginx logs for a caller that went away; no answer carries it.
const GONE: u16 = 499;
/// The route of what no route fits.
pub(crate) const NO_ROUTE: &str = "none";

impl Measured {
    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if let Some(in_flight) = self.requests.0.in_flight.get() {
            in_flight.decrement(1);
        }
        let route = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let Answered { total, duration } = self.requests.answered(self.method, route, self.status);
        total.increment(1);
        duration.record(self.begun.elapsed());
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
