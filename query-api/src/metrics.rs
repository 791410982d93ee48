//! What the query API counts. The names are the contract of dashboards and alerts.

use metrics::{Counter, Unit, counter, describe_counter};

/// Answers given, by where they came `from`: hit, miss or collapsed, as `Cache-Status` tells.
pub const ANSWERS: &str = "crm_query_answers_total";

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(
        ANSWERS,
        Unit::Count,
        "Answers given, by where they came from: hit, miss or collapsed."
    );
}

/// The counters of answers, looked up once.
#[derive(Clone)]
pub(crate) struct Answers {
    /// Given again.
    pub(crate) hit: Counter,
    /// Made.
    pub(crate) miss: Counter,
    /// Made for somebody else who asked the same just before.
    pub(crate) collapsed: Counter,
}

impl Answers {
    pub(crate) fn new() -> Self {
        let from = |from: &'static str| counter!(ANSWERS, "from" => from);
        Self { hit: from("hit"), miss: from("miss"), collapsed: from("collapsed") }
    }
}
