//! Reads from time to time how far everything is, so that a scrape or a health check asks no server itself.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use edge::Check;
use event_store::{SessionPool, Usage};
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::heads::Heads;
use crate::metrics::{
    DATABASE_CONNECTIONS, DATABASE_CONNECTIONS_MAX, DATABASE_SIZE, HEAD, POOL, POOL_MAX, REBUILD_POSITION,
    REBUILD_TARGET, RELAY_LAG, RELAY_LOCKED, SAMPLED_AT, SAMPLES_FAILED, STREAM_BYTES, STREAM_MESSAGES,
    STREAM_POSITION, VIEW_BEHIND, VIEW_LAG, VIEW_PARKED, VIEW_POSITION,
};
use crate::standing::{Log, Observer, Rebuild, Stream};

/// Between two samples.
const EVERY: Duration = Duration::from_secs(2);
/// Seconds behind from which a read model counts as late.
const LATE: f64 = 30.0;
/// Seconds behind below which it counts as in time again; less than [`LATE`], so that health does not flap.
const IN_TIME: f64 = 10.0;
/// Samples in a row after which something counts as late, or a server as away.
const PATIENCE: u32 = 3;

/// Connections of which gauges tell.
#[derive(Clone)]
pub enum Connections {
    /// Those of a pool.
    Pool(PgPool),
    /// Those of the query API.
    Sessions(SessionPool),
}

/// Connections by the name that their gauges have.
pub type NamedPool = (&'static str, Connections);

impl Connections {
    fn usage(&self) -> Usage {
        match self {
            Self::Sessions(sessions) => sessions.usage(),
            Self::Pool(pool) => {
                let idle = u32::try_from(pool.num_idle()).unwrap_or_default();
                let most = pool.options().get_max_connections();
                Usage { idle, in_use: pool.size().saturating_sub(idle), most }
            }
        }
    }
}

/// What the samples together say.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    postgres_failed: u32,
    nats_failed: u32,
    late: Vec<(String, u32)>,
}

/// Samples until it is dropped.
pub struct Sampler {
    verdict: watch::Receiver<Arc<Verdict>>,
    task: JoinHandle<()>,
}

impl Sampler {
    /// Starts it.
    pub fn start(observer: Observer, pools: Vec<NamedPool>) -> Self {
        let (told, verdict) = watch::channel(Arc::default());
        let task = tokio::spawn(async move {
            let mut verdict = Verdict::default();
            let (mut rebuilt, mut heads) = (Vec::new(), Heads::default());
            loop {
                sample(&observer, &pools, &mut verdict, &mut rebuilt, &mut heads).await;
                told.send_replace(Arc::new(verdict.clone()));
                tokio::time::sleep(EVERY).await;
            }
        });
        Self { verdict, task }
    }

    /// Whether NATS answers.
    pub fn nats_check(&self) -> Check {
        let verdict = self.verdict.clone();
        Check::new("nats", move || {
            let failed = verdict.borrow().nats_failed;
            async move {
                if failed < PATIENCE {
                    Ok(())
                } else {
                    Err(anyhow::anyhow!("no answer {failed} times in a row"))
                }
            }
        })
    }

    /// Whether every read model follows the log.
    pub fn late_check(&self) -> Check {
        let verdict = self.verdict.clone();
        Check::new("read_models", move || {
            let late: Vec<String> = verdict.borrow().late().map(str::to_owned).collect();
            async move { if late.is_empty() { Ok(()) } else { Err(anyhow::anyhow!("late: {}", late.join(", "))) } }
        })
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Verdict {
    fn late(&self) -> impl Iterator<Item = &str> {
        self.late.iter().filter(|(_, samples)| *samples >= PATIENCE).map(|(name, _)| name.as_str())
    }

    /// A read model becomes late by being so several times in a row, and in time again by catching up.
    fn look_at(&mut self, log: &Log) {
        self.late = log
            .views
            .iter()
            .filter_map(|view| {
                let before = self.late.iter().find(|(name, _)| *name == view.name).map_or(0, |(_, n)| *n);
                let border = if before >= PATIENCE { IN_TIME } else { LATE };
                (view.behind_seconds > border).then(|| (view.name.clone(), before.saturating_add(1)))
            })
            .collect();
    }
}

async fn sample(
    observer: &Observer,
    pools: &[NamedPool],
    verdict: &mut Verdict,
    rebuilt: &mut Vec<Rebuild>,
    heads: &mut Heads,
) {
    for (name, connections) in pools {
        let Usage { idle, in_use, most } = connections.usage();
        gauge!(POOL, "pool" => *name, "state" => "idle").set(idle);
        gauge!(POOL, "pool" => *name, "state" => "in use").set(in_use);
        gauge!(POOL_MAX, "pool" => *name).set(most);
    }
    let (mut log, stream) = tokio::join!(observer.log(), observer.stream());
    if let Ok(log) = &mut log {
        heads.look_at(log, Instant::now());
    }
    match &log {
        Ok(log) => {
            verdict.postgres_failed = 0;
            verdict.look_at(log);
            show_log(log, rebuilt);
        }
        Err(error) => {
            failed("postgres", error, verdict.postgres_failed);
            verdict.postgres_failed = verdict.postgres_failed.saturating_add(1);
        }
    }
    match &stream {
        Ok(stream) => {
            verdict.nats_failed = 0;
            show_stream(stream.as_ref());
        }
        Err(error) => {
            failed("nats", error, verdict.nats_failed);
            verdict.nats_failed = verdict.nats_failed.saturating_add(1);
        }
    }
    if let (Ok(log), Ok(stream)) = (&log, &stream) {
        // Asked at the same time, so the stream can be ahead.
        gauge!(RELAY_LAG).set(real(log.head - stream.map_or(0, |stream| stream.position)).max(0.0));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        gauge!(SAMPLED_AT).set(now.as_secs_f64());
    }
}

/// Told once while it lasts, and counted each time.
fn failed(server: &'static str, error: &anyhow::Error, before: u32) {
    counter!(SAMPLES_FAILED, "server" => server).increment(1);
    if before == 0 {
        tracing::warn!(server, error = format!("{error:#}"), "cannot be asked how far everything is");
    }
}

fn show_log(log: &Log, rebuilt: &mut Vec<Rebuild>) {
    gauge!(HEAD).set(real(log.head));
    gauge!(RELAY_LOCKED).set(if log.relay_locked { 1.0 } else { 0.0 });
    gauge!(DATABASE_SIZE).set(real(log.bytes));
    gauge!(DATABASE_CONNECTIONS).set(real(log.connections.0));
    gauge!(DATABASE_CONNECTIONS_MAX).set(real(log.connections.1));
    for view in &log.views {
        let name = view.name.clone();
        gauge!(VIEW_POSITION, "view" => name.clone()).set(real(view.position));
        gauge!(VIEW_LAG, "view" => name.clone()).set(real(log.head - view.position).max(0.0));
        gauge!(VIEW_BEHIND, "view" => name.clone()).set(view.behind_seconds.max(0.0));
        gauge!(VIEW_PARKED, "view" => name).set(real(view.parked));
    }
    // A rebuild that is no longer under way has come to its end, or was given up: either way nothing is left to do.
    for ended in rebuilt.iter().filter(|old| log.rebuilds.iter().all(|new| new.view != old.view)) {
        gauge!(REBUILD_POSITION, "view" => ended.view.clone()).set(0.0);
        gauge!(REBUILD_TARGET, "view" => ended.view.clone()).set(0.0);
    }
    for rebuild in &log.rebuilds {
        gauge!(REBUILD_POSITION, "view" => rebuild.view.clone()).set(real(rebuild.position));
        gauge!(REBUILD_TARGET, "view" => rebuild.view.clone()).set(real(rebuild.target));
    }
    rebuilt.clone_from(&log.rebuilds);
}

fn show_stream(stream: Option<&Stream>) {
    gauge!(STREAM_POSITION).set(stream.map_or(0.0, |stream| real(stream.position)));
    gauge!(STREAM_MESSAGES).set(stream.map_or(0.0, |stream| whole(stream.messages)));
    gauge!(STREAM_BYTES).set(stream.map_or(0.0, |stream| whole(stream.bytes)));
}

/// A count as Prometheus keeps it; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "positions stay far below 2^53")]
fn real(count: i64) -> f64 {
    count as f64
}

fn whole(count: u64) -> f64 {
    real(i64::try_from(count).unwrap_or(i64::MAX))
}
