//! The logic of the relay, between any log and any stream.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::port::{Bus, BusError, Log, Session, StreamEnd};
use crate::event::RawRecorded;
use crate::metrics;
use crate::planted::{RELAY_WITHOUT_FENCE, is_planted};

/// How long the active relay may stand still behind the log before a standby publishes in its place.
const PATIENCE: Duration = Duration::from_secs(2);
/// The fallback when no notification arrives, and the pause after an error.
const POLL: Duration = Duration::from_millis(500);
/// How often in a row a stream may take nothing at the same place, before it is made anew: one whose disk was full goes on
/// refusing until its server is started again.
const FAILURES: u32 = 4;

/// A relay from `log` to `bus`.
pub struct Publisher<L, B> {
    /// Where events come from.
    pub log: L,
    /// Where they go.
    pub bus: B,
    /// Notified after an append in the same process.
    pub appended: Arc<Notify>,
    /// Events published before their acknowledgements are awaited.
    pub batch: i64,
    /// Messages that the stream keeps, and how far back a new stream starts. Who needs older ones reads the log.
    pub window: i64,
}

#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error("the log is not available")]
    Log(#[from] sqlx::Error),
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Whether this relay holds the lock, or stands in for a holder that does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Active,
    StandIn,
}

/// Where the stream ended when it took nothing, and how often that was in a row.
#[derive(Default)]
struct Stuck {
    last: i64,
    failures: u32,
}

impl Stuck {
    /// Counts a failure; whether it is one too many.
    fn again(&mut self, last: i64) -> bool {
        self.failures = if self.last == last { self.failures + 1 } else { 1 };
        self.last = last;
        self.failures >= FAILURES
    }
}

impl<L: Log, B: Bus> Publisher<L, B> {
    /// Relays until the future is dropped. Dropping it at any point is safe.
    pub async fn run(self) {
        let mut stuck = Stuck::default();
        loop {
            if let Err(interruption) = self.serve(&mut stuck).await {
                tracing::warn!(error = %interruption, "the relay was interrupted and tries again");
                tokio::time::sleep(POLL).await;
            }
        }
    }

    /// One term of office, from waiting for it until something interrupts it.
    async fn serve(&self, stuck: &mut Stuck) -> Result<(), Interruption> {
        metrics::relay_is_active(false);
        let mut log = self.log.open().await?;
        let standing = self.stand_by(&mut log).await?;
        metrics::relay_is_active(true);
        // A standby must not listen: notifications that nobody reads would hold up the whole server in the end.
        let told = log.listen();
        loop {
            match self.publish_from_stream_end(&mut log, &told, standing, stuck).await {
                Err(Interruption::Bus(BusError::Refused)) if standing == Standing::StandIn => {
                    // The holder of the lock may move again: then it is its turn.
                    return Ok(());
                }
                Err(Interruption::Bus(BusError::Refused)) => tokio::time::sleep(POLL / 10).await,
                other => return other,
            }
        }
    }

    /// Waits for the lock; or until the log is ahead of a stream that has not grown for [`PATIENCE`].
    async fn stand_by(&self, log: &mut L::Session) -> Result<Standing, Interruption> {
        let mut seen = (0, Instant::now());
        loop {
            if log.try_lock().await? {
                tracing::info!("this relay is active");
                return Ok(Standing::Active);
            }
            let last = self.last_sequence().await?;
            if last != seen.0 {
                seen = (last, Instant::now());
            } else if log.head().await? <= last {
                seen.1 = Instant::now();
            } else if seen.1.elapsed() >= PATIENCE {
                tracing::warn!(last, "the active relay stands still, this one stands in");
                return Ok(Standing::StandIn);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The last sequence of the stream as it is, without checking what it holds; 0 if there is no stream.
    async fn last_sequence(&self) -> Result<i64, BusError> {
        Ok(self.bus.end().await?.map_or(0, |end| end.last))
    }

    async fn publish_from_stream_end(
        &self,
        log: &mut L::Session,
        told: &Notify,
        standing: Standing,
        stuck: &mut Stuck,
    ) -> Result<(), Interruption> {
        let mut last = self.resync(log).await?;
        let mut ahead = Vec::new();
        loop {
            // Armed before the query, so that what is appended in between wakes us.
            let (appended, told) = (self.appended.notified(), told.notified());
            let mut events = std::mem::take(&mut ahead);
            if events.is_empty() {
                events = log.after(last, self.batch).await?;
            }
            if let Some(newest) = events.last() {
                let published;
                (published, ahead) = self.publish_and_read_ahead(log, &events, newest.position).await;
                if matches!(published, Err(BusError::Unavailable(_)))
                    && standing == Standing::Active
                    && stuck.again(last)
                {
                    tracing::warn!(last, "the stream takes nothing more and is made anew");
                    *stuck = Stuck::default();
                    self.bus.delete().await?;
                }
                published?;
                last = newest.position;
                metrics::relayed(events.len(), last);
                continue;
            }
            // In a fixed order, so that a simulation takes the same turns each time.
            tokio::select! {
                biased;
                () = appended => {}
                () = told => {}
                () = tokio::time::sleep(POLL) => {
                    let moved = self.last_sequence().await? != last && !is_planted(RELAY_WITHOUT_FENCE);
                    if moved || standing == Standing::StandIn {
                        return Err(BusError::Refused.into());
                    }
                }
            }
        }
    }

    /// Publishes a batch. Behind a full one there are probably more events, which are read while it is on its way.
    async fn publish_and_read_ahead(
        &self,
        log: &mut L::Session,
        events: &[RawRecorded],
        newest: i64,
    ) -> (Result<(), BusError>, Vec<RawRecorded>) {
        let is_full = i64::try_from(events.len()).is_ok_and(|count| count >= self.batch);
        if !is_full {
            return (self.bus.publish(events).await, Vec::new());
        }
        let (published, read) = join(self.bus.publish(events), log.after(newest, self.batch)).await;
        // What could not be read is asked for again.
        (published, read.unwrap_or_default())
    }

    /// Makes sure that the stream is a true copy of the log up to its end, and tells that end.
    async fn resync(&self, log: &mut L::Session) -> Result<i64, Interruption> {
        metrics::resynced();
        let end = self.bus.end().await?;
        // Read after the stream, which only ever holds events of the log: so if it is longer, it is of another history.
        let head = log.head().await?;
        if let Some(end) = end {
            if is_planted(RELAY_WITHOUT_FENCE) {
                return Ok(end.last.min(head));
            }
            if self.agrees(log, end, head).await? {
                return Ok(end.last);
            }
            tracing::warn!(head, last = end.last, "the stream is not a copy of this log and is made anew");
            self.bus.delete().await?;
        }
        let first = (head + 1 - self.window).max(1);
        self.bus.create(first, self.window).await?;
        metrics::stream_made();
        tracing::info!(first, "made a new stream");
        Ok(first - 1)
    }

    /// Whether the last messages are the events that the log has there.
    ///
    /// Event ids are unique and the log is linear, so everything that was stored before one of them was sent agrees too.
    /// What was sent together with it need not: if an event of another history, on its way since before a restore,
    /// takes the place of the first of a batch, that one is refused and those that follow it are not.
    async fn agrees(&self, log: &mut L::Session, end: StreamEnd, head: i64) -> Result<bool, Interruption> {
        if end.messages == 0 {
            // Nothing to compare, and nothing to lose: only the one that starts an empty log is kept.
            return Ok(end.last == 0 && head == 0);
        }
        if end.last > head {
            return Ok(false);
        }
        let after = (end.last - self.batch).max(0);
        let events = log.after(after, end.last - after).await?;
        let ids = self.bus.event_ids(after, end.last).await?;
        // The oldest are discarded in time, and one that is missing is read from the log; but the end must be there.
        let same = |(event, id): (&RawRecorded, &Option<String>)| {
            id.as_ref().is_none_or(|id| *id == event.event_id.to_string())
        };
        let whole = events.len() == ids.len() && ids.last().is_some_and(Option::is_some);
        Ok(whole && events.iter().zip(&ids).all(same))
    }
}
