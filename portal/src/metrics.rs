//! The metrics of a process: where they are gathered, and those that only the binary knows.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Always 1, with the `version` of the build.
pub const BUILD: &str = "crm_build_info";
/// When the gauges about the servers were last read, in seconds since 1970.
pub const SAMPLED_AT: &str = "crm_sampled_timestamp_seconds";
/// Times that a server could not be asked, by `server`: postgres or nats.
pub const SAMPLES_FAILED: &str = "crm_samples_failed_total";
/// Position of the last event of the log.
pub const HEAD: &str = "crm_log_head_position";
/// Position of the last event in the JetStream stream.
pub const STREAM_POSITION: &str = "crm_stream_position";
/// Messages that the stream holds.
pub const STREAM_MESSAGES: &str = "crm_stream_messages";
/// Bytes that the stream holds.
pub const STREAM_BYTES: &str = "crm_stream_size_bytes";
/// Events of the log that the stream does not have yet.
pub const RELAY_LAG: &str = "crm_relay_lag_events";
/// 1 if some relay holds the lock that makes it the active one.
pub const RELAY_LOCKED: &str = "crm_relay_lock_held";
/// Position of the last event folded, by `view`.
pub const VIEW_POSITION: &str = "crm_projection_position";
/// Events of the log not folded yet, by `view`.
pub const VIEW_LAG: &str = "crm_projection_lag_events";
/// Age of the oldest event not folded yet, by `view`; 0 if there is none.
pub const VIEW_BEHIND: &str = "crm_projection_behind_seconds";
/// Tenants whose rows stand still, by `view`.
pub const VIEW_PARKED: &str = "crm_projection_parked_tenants";
/// Position that a rebuild under way has reached, by `view`.
pub const REBUILD_POSITION: &str = "crm_rebuild_position";
/// Position that a rebuild under way has to reach, by `view`.
pub const REBUILD_TARGET: &str = "crm_rebuild_target_position";
/// Bytes of the database on disk.
pub const DATABASE_SIZE: &str = "crm_database_size_bytes";
/// Connections to the database server, ours and others'.
pub const DATABASE_CONNECTIONS: &str = "crm_database_connections";
/// Connections that the database server allows.
pub const DATABASE_CONNECTIONS_MAX: &str = "crm_database_connections_max";
/// Connections of a pool, by `pool` and `state`: idle or in use.
pub const POOL: &str = "crm_pool_connections";
/// Connections that a pool may have, by `pool`.
pub const POOL_MAX: &str = "crm_pool_connections_max";

/// Upper bounds of the buckets of durations, in seconds: from an append to what a client gives up on.
const SECONDS: [f64; 15] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds of the buckets of sizes of batches.
const COUNTS: [f64; 12] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0];
/// How often the exporter tidies up what was recorded since.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts gathering. From here on all parts of the process are counted.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), &COUNTS)?
        .install_recorder()?;
    describe();
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let upkept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkept.run_upkeep();
        }
    });
    Ok(handle)
}

/// Tells the installed recorder what the names mean: those of all parts.
fn describe() {
    edge::metrics::describe();
    event_store::metrics::describe();
    projections::metrics::describe();
    query_api::metrics::describe();
    command_api::metrics::describe();
    access::metrics::describe();
    access::trail::describe();
    crate::telemetry::describe();
    describe_gauge!(BUILD, Unit::Count, "1, with the version of the build.");
    describe_gauge!(
        SAMPLED_AT,
        Unit::Seconds,
        "When the gauges about the servers were last read, since 1970."
    );
    describe_counter!(SAMPLES_FAILED, Unit::Count, "Times that a server could not be asked, by server.");
    describe_gauge!(HEAD, Unit::Count, "Position of the last event of the log.");
    describe_gauge!(STREAM_POSITION, Unit::Count, "Position of the last event in the stream.");
    describe_gauge!(STREAM_MESSAGES, Unit::Count, "Messages that the stream holds.");
    describe_gauge!(STREAM_BYTES, Unit::Bytes, "Bytes that the stream holds.");
    describe_gauge!(RELAY_LAG, Unit::Count, "Events of the log that the stream does not have yet.");
    describe_gauge!(
        RELAY_LOCKED,
        Unit::Count,
        "1 if some relay holds the lock that makes it the active one."
    );
    describe_gauge!(VIEW_POSITION, Unit::Count, "Position of the last event folded, by read model.");
    describe_gauge!(VIEW_LAG, Unit::Count, "Events of the log not folded yet, by read model.");
    describe_gauge!(VIEW_BEHIND, Unit::Seconds, "Age of the oldest event not folded yet, by read model.");
    describe_gauge!(VIEW_PARKED, Unit::Count, "Tenants whose rows stand still, by read model.");
    describe_gauge!(REBUILD_POSITION, Unit::Count, "Position that a rebuild has reached, by read model.");
    describe_gauge!(REBUILD_TARGET, Unit::Count, "Position that a rebuild has to reach, by read model.");
    describe_gauge!(DATABASE_SIZE, Unit::Bytes, "Bytes of the database on disk.");
    describe_gauge!(DATABASE_CONNECTIONS, Unit::Count, "Connections to the database server.");
    describe_gauge!(DATABASE_CONNECTIONS_MAX, Unit::Count, "Connections that the database server allows.");
    describe_gauge!(POOL, Unit::Count, "Connections of a pool, by pool and state.");
    describe_gauge!(POOL_MAX, Unit::Count, "Connections that a pool may have, by pool.");
}

#[cfg(test)]
mod tests;
