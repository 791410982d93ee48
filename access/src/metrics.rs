//! What is counted of limits. The names are the contract of dashboards and alerts.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Whether the Redis answers through which processes share limits: 1 or 0, and nothing where none is shared.
pub const SHARED_LIMITS: &str = "crm_shared_limits_up";
/// What was asked of limits, by `limit` and `outcome`: admitted, refused or untold.
pub const LIMITS: &str = "crm_limits_total";

/// What a limit said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Admission {
    /// There were not too many.
    Admitted,
    /// There were too many.
    Refused,
    /// Nobody could tell.
    Untold,
}

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_gauge!(
        SHARED_LIMITS,
        Unit::Count,
        "1 if the Redis answers through which processes share limits, else 0."
    );
    describe_counter!(
        LIMITS,
        Unit::Count,
        "What was asked of limits, by limit and outcome: admitted, refused or untold."
    );
}

pub(crate) fn shared_limits(is_there: bool) {
    gauge!(SHARED_LIMITS).set(if is_there { 1.0 } else { 0.0 });
}

pub(crate) fn admission(limit: &'static str, outcome: Admission) {
    let outcome = match outcome {
        Admission::Admitted => "admitted",
        Admission::Refused => "refused",
        Admission::Untold => "untold",
    };
    counter!(LIMITS, "limit" => limit, "outcome" => outcome).increment(1);
}
