//! What the runners of this process count. The names are the contract of dashboards and alerts.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

/// Events folded, by `view`.
pub const FOLDED: &str = "crm_projection_folded_events_total";
/// Events read from the log since the stream did not bring them, by `view`.
pub const HEALED: &str = "crm_projection_healed_events_total";
/// How long the transaction of a batch took, by `view`.
pub const DURATION: &str = "crm_projection_batch_duration_seconds";
/// Events of a batch, by `view`.
pub const BATCH: &str = "crm_projection_batch_events_size";
/// Times that a runner was interrupted and began again, by `view`.
pub const INTERRUPTED: &str = "crm_projection_interruptions_total";

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(FOLDED, Unit::Count, "Events folded, by read model.");
    describe_counter!(HEALED, Unit::Count, "Events that the stream did not bring, by read model.");
    describe_histogram!(DURATION, Unit::Seconds, "How long the transaction of a batch took, by read model.");
    describe_histogram!(BATCH, Unit::Count, "Events of a batch, by read model.");
    describe_counter!(INTERRUPTED, Unit::Count, "Times that a runner began again, by read model.");
}

pub(crate) fn folded(view: &'static str, took: Duration, events: usize) {
    counter!(FOLDED, "view" => view).increment(u64::try_from(events).unwrap_or_default());
    histogram!(DURATION, "view" => view).record(took);
    histogram!(BATCH, "view" => view).record(f64::from(u32::try_from(events).unwrap_or(u32::MAX)));
}

pub(crate) fn healed(view: &'static str, events: usize) {
    counter!(HEALED, "view" => view).increment(u64::try_from(events).unwrap_or_default());
}

pub(crate) fn interrupted(view: &'static str) {
    counter!(INTERRUPTED, "view" => view).increment(1);
}
