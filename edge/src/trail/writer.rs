//! Writes what waits, in batches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::flood::Flood;
use super::{Entry, TrailSink, Unwritten};
use crate::metrics;

/// Entries that are written at a time.
const BATCH: usize = 512;
/// How long refusals that are alike are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// Between two attempts: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What the task is told.
pub(super) enum Message {
    Entry(Box<Entry>),
    /// Everything before it is to be written.
    Flush(oneshot::Sender<()>),
}

/// Writes until nobody can tell it anything any more.
pub(super) async fn run(
    mut waiting: mpsc::Receiver<Message>,
    sink: Arc<dyn TrailSink>,
    flood: Arc<Mutex<Flood>>,
) {
    let counts = || flood.lock().unwrap_or_else(PoisonError::into_inner).close();
    let mut minutes = tokio::time::interval(MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut messages = Vec::new();
    loop {
        tokio::select! {
            _ = minutes.tick() => write(&*sink, &mut counts()).await,
            found = waiting.recv_many(&mut messages, BATCH) => {
                if found == 0 {
                    return write(&*sink, &mut counts()).await;
                }
                let mut entries = Vec::with_capacity(found);
                for message in messages.drain(..) {
                    match message {
                        Message::Entry(entry) => entries.push(*entry),
                        Message::Flush(done) => {
                            entries.extend(counts());
                            write(&*sink, &mut entries).await;
                            // Whoever asked may have lost patience.
                            let _gone = done.send(());
                        }
                    }
                }
                write(&*sink, &mut entries).await;
            }
        }
    }
}

/// Writes entries, however long the trail is away; meanwhile the queue fills, and then entries are dropped.
async fn write(sink: &dyn TrailSink, entries: &mut Vec<Entry>) {
    let mut wait = WAITS.0;
    // Of a batch that is refused, each entry is written alone, so that one never takes its neighbours along.
    let mut alone = 0_usize;
    while !entries.is_empty() {
        let most = if alone > 0 { 1 } else { BATCH };
        let batch = &entries[..entries.len().min(most)];
        let count = batch.len();
        match sink.write(batch).await {
            Ok(()) => metrics::trail_written(count),
            Err(Unwritten::Refused(_)) if count > 1 => {
                alone = count;
                continue;
            }
            Err(error @ Unwritten::Refused(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an entry of the trail is lost");
                metrics::trail_dropped("refused", count);
            }
            Err(error @ Unwritten::Unavailable(_)) => {
                if wait == WAITS.0 {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the trail cannot be written for now"
                    );
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(WAITS.1);
                continue;
            }
        }
        wait = WAITS.0;
        alone = alone.saturating_sub(1);
        entries.drain(..count);
    }
}
