//! The trail of an installation: who was refused, who took data out or had it erased, and from where changes of rights came.
//!
//! Refusals go through a queue in memory that a task writes in batches: they never slow a request, and a flood of them is
//! counted and not kept. What must not happen unseen is written before it happens, or it does not happen.

mod asker;
mod entry;
mod flood;
mod recorder;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::{Problem, metrics};
pub use asker::Asker;
pub use entry::{Entry, Kind};
use flood::Flood;
pub use recorder::Recorder;
use writer::Message;

/// Entries that may wait to be written.
const WAITING: usize = 4_096;
/// How long what must be written before something happens may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where entries are kept.
pub trait TrailSink: Send + Sync + 'static {
    /// Writes entries, all or none. One that was written already may come again, and is then kept once.
    fn write<'a>(&'a self, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Unwritten>>;
}

/// Why entries were not written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// It may work a little later.
    #[error("the trail is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It never will.
    #[error("the trail refuses these entries")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The trail. Clones share the queue.
#[derive(Clone)]
pub struct Trail {
    sink: Arc<dyn TrailSink>,
    queue: mpsc::Sender<Message>,
    flood: Arc<Mutex<Flood>>,
}

impl Trail {
    /// Starts the task that writes. It ends when the last clone is dropped.
    pub fn start(sink: impl TrailSink) -> Self {
        let sink: Arc<dyn TrailSink> = Arc::new(sink);
        let (queue, waiting) = mpsc::channel(WAITING);
        let flood = Arc::default();
        tokio::spawn(writer::run(waiting, Arc::clone(&sink), Arc::clone(&flood)));
        Self { sink, queue, flood }
    }

    /// Records an entry soon. If there are too many, it is counted as dropped instead.
    pub fn soon(&self, entry: Entry) {
        if self.queue.try_send(Message::Entry(Box::new(entry))).is_err() {
            metrics::trail_dropped("queue full", 1);
        }
    }

    /// Records a refusal soon: the first of its sort in a minute, and of the others how many there were. `proven` says that
    /// the tenant is not just the caller's word.
    pub fn refused(&self, entry: Entry, proven: bool) {
        let first = self.flood.lock().unwrap_or_else(PoisonError::into_inner).take(entry, proven);
        if let Some(first) = first {
            self.soon(first);
        }
    }

    /// Records what must not happen unseen. Only once this has returned may it happen.
    ///
    /// # Errors
    /// 503 if it could not be recorded.
    pub async fn before(&self, entry: Entry) -> Result<(), Problem> {
        let entries = [entry];
        let detail = "This is done only once it is recorded who does it, and that is not possible now.";
        let problem = || Problem::unavailable(Duration::from_secs(1), detail);
        match tokio::time::timeout(PATIENCE, self.sink.write(&entries)).await {
            Ok(Ok(())) => {
                metrics::trail_written(1);
                Ok(())
            }
            Ok(Err(error)) => Err(problem().with_source(error)),
            Err(late) => Err(problem().with_source(late)),
        }
    }

    /// Records from where a request comes that may change who may do what. Events tell the rest of it.
    ///
    /// # Errors
    /// 503 if it could not be recorded.
    pub async fn source(&self, asker: &Asker) -> Result<(), Problem> {
        match asker.entry(Kind::Source) {
            Some(entry) => self.before(entry).await,
            None => Ok(()),
        }
    }

    /// Returns once all that was recorded before is written, counts included; or after some seconds.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                // The task cannot end before its last sender, which is this one.
                let _written = written.await;
            }
        };
        if tokio::time::timeout(PATIENCE, flushed).await.is_err() {
            tracing::warn!("stopped with entries of the trail that are not written");
        }
    }
}

impl std::fmt::Debug for Trail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trail").field("free", &self.queue.capacity()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
