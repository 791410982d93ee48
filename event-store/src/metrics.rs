//! What the log counts about appends, loads and the relay. The names are the contract of dashboards and alerts.

use std::time::{Duration, Instant};

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

use crate::append::{AppendError, Appended};

/// Commands handed to the appender, by `outcome`.
pub const COMMANDS: &str = "crm_append_commands_total";
/// Commands that wait for a batch to take them.
pub const WAITING: &str = "crm_append_waiting_commands";
/// How long a command waited for a batch to take it.
pub const WAIT: &str = "crm_append_wait_seconds";
/// How long the transaction of a batch took, by `outcome`.
pub const DURATION: &str = "crm_append_duration_seconds";
/// Commands of a batch that was committed.
pub const BATCH_COMMANDS: &str = "crm_append_batch_commands_size";
/// Events of a batch that was committed.
pub const BATCH_EVENTS: &str = "crm_append_batch_events_size";
/// Batches halved to find the command that the database refuses.
pub const HALVED: &str = "crm_append_batches_halved_total";
/// Aggregates asked for, by `result`: hit or miss of the cache.
pub const CACHE: &str = "crm_aggregate_cache_lookups_total";
/// Bytes of aggregates kept in memory.
pub const CACHE_SIZE: &str = "crm_aggregate_cache_size_bytes";
/// How long it took until a connection could be used, by `pool`.
pub const POOL_WAIT: &str = "crm_pool_wait_seconds";
/// Connections that did not become free in time, by `pool`.
pub const POOL_TIMEOUTS: &str = "crm_pool_timeouts_total";
/// 1 while the relay of this process publishes, 0 while it stands by.
pub const RELAY_ACTIVE: &str = "crm_relay_active";
/// Position of the last event that the relay of this process published.
pub const RELAY_POSITION: &str = "crm_relay_position";
/// Events that the relay of this process published.
pub const RELAYED: &str = "crm_relay_published_events_total";
/// Times that the relay of this process looked anew where the stream ends.
pub const RESYNCS: &str = "crm_relay_resyncs_total";
/// Streams that the relay of this process made, at first or in place of one that was not a copy of the log.
pub const STREAMS_MADE: &str = "crm_relay_streams_made_total";

/// Tells the installed recorder what the names mean.
pub fn describe() {
    describe_counter!(COMMANDS, Unit::Count, "Commands handed to the appender, by outcome.");
    describe_gauge!(WAITING, Unit::Count, "Commands that wait for a batch to take them.");
    describe_histogram!(WAIT, Unit::Seconds, "How long a command waited for a batch to take it.");
    describe_histogram!(DURATION, Unit::Seconds, "How long the transaction of a batch took, by outcome.");
    describe_histogram!(BATCH_COMMANDS, Unit::Count, "Commands of a committed batch.");
    describe_histogram!(BATCH_EVENTS, Unit::Count, "Events of a committed batch.");
    describe_counter!(HALVED, Unit::Count, "Batches halved to find the command that the database refuses.");
    describe_counter!(CACHE, Unit::Count, "Aggregates asked for, by hit or miss of the cache.");
    describe_gauge!(CACHE_SIZE, Unit::Bytes, "Bytes of aggregates kept in memory.");
    describe_histogram!(
        POOL_WAIT,
        Unit::Seconds,
        "How long it took until a connection could be used, by pool."
    );
    describe_counter!(POOL_TIMEOUTS, Unit::Count, "Connections that did not become free in time, by pool.");
    describe_gauge!(RELAY_ACTIVE, Unit::Count, "1 while the relay of this process publishes, else 0.");
    describe_gauge!(RELAY_POSITION, Unit::Count, "Position of the last event that this relay published.");
    describe_counter!(RELAYED, Unit::Count, "Events that the relay of this process published.");
    describe_counter!(RESYNCS, Unit::Count, "Times that this relay looked anew where the stream ends.");
    describe_counter!(STREAMS_MADE, Unit::Count, "Streams that this relay made.");
}

/// The meters of each command, looked up once.
#[derive(Clone)]
pub(crate) struct Waiting {
    commands: Gauge,
    wait: Histogram,
}

impl Waiting {
    pub(crate) fn new() -> Self {
        Self { commands: gauge!(WAITING), wait: histogram!(WAIT) }
    }

    pub(crate) fn queued(&self) {
        self.commands.increment(1.0);
    }

    /// A batch took it.
    pub(crate) fn taken(&self, since: Instant) {
        self.commands.decrement(1.0);
        self.wait.record(since.elapsed());
    }
}

/// What became of commands that are one append.
pub(crate) fn answered(result: &Result<Appended, AppendError>, commands: usize) {
    let outcome = match result {
        Ok(_) => "appended",
        Err(AppendError::Conflict) => "conflict",
        Err(AppendError::GuardFailed(_)) => "guard failed",
        Err(AppendError::ClaimTaken(_)) => "claim taken",
        Err(AppendError::Replayed(_)) => "replayed",
        Err(AppendError::Rejected(_)) => "rejected",
        Err(AppendError::Unavailable(_)) => "unavailable",
        Err(AppendError::Closed) => "closed",
    };
    counter!(COMMANDS, "outcome" => outcome).increment(u64::try_from(commands).unwrap_or(u64::MAX));
}

/// A batch that the database took.
pub(crate) fn committed(since: Instant, commands: usize, events: i64) {
    histogram!(DURATION, "outcome" => "committed").record(since.elapsed());
    histogram!(BATCH_COMMANDS).record(real(i64::try_from(commands).unwrap_or(i64::MAX)));
    histogram!(BATCH_EVENTS).record(real(events));
}

/// A batch that the database did not take, as a whole or in time.
pub(crate) fn not_committed(since: Instant, outcome: &'static str) {
    histogram!(DURATION, "outcome" => outcome).record(since.elapsed());
}

pub(crate) fn halved() {
    counter!(HALVED).increment(1);
}

/// Hits and misses, looked up once.
#[derive(Clone)]
pub(crate) struct Lookups {
    hits: Counter,
    misses: Counter,
}

impl Lookups {
    pub(crate) fn new() -> Self {
        Self { hits: counter!(CACHE, "result" => "hit"), misses: counter!(CACHE, "result" => "miss") }
    }

    pub(crate) fn hit(&self) {
        self.hits.increment(1);
    }

    pub(crate) fn miss(&self) {
        self.misses.increment(1);
    }
}

/// How much is kept in memory, looked up once.
#[derive(Clone)]
pub(crate) struct Held(Gauge);

impl Held {
    pub(crate) fn new() -> Self {
        Self(gauge!(CACHE_SIZE))
    }

    pub(crate) fn set(&self, bytes: u64) {
        self.0.set(real(i64::try_from(bytes).unwrap_or(i64::MAX)));
    }
}

/// How long a connection of a pool was waited for.
pub(crate) fn acquired(pool: &'static str, waited: Duration, timed_out: bool) {
    histogram!(POOL_WAIT, "pool" => pool).record(waited);
    if timed_out {
        counter!(POOL_TIMEOUTS, "pool" => pool).increment(1);
    }
}

pub(crate) fn relay_is_active(active: bool) {
    gauge!(RELAY_ACTIVE).set(if active { 1.0 } else { 0.0 });
}

pub(crate) fn relayed(events: usize, position: i64) {
    counter!(RELAYED).increment(u64::try_from(events).unwrap_or_default());
    gauge!(RELAY_POSITION).set(real(position));
}

pub(crate) fn resynced() {
    counter!(RESYNCS).increment(1);
}

pub(crate) fn stream_made() {
    counter!(STREAMS_MADE).increment(1);
}

/// A count as Prometheus keeps it.
#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
fn real(count: i64) -> f64 {
    count as f64
}
