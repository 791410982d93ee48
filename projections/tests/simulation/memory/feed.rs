//! The stream as a runner sees it: what arrives may be late, twice, out of order, or not at all.

use std::sync::Arc;
use std::time::Duration;

use event_store::Recorded;
use projections::runner;

use super::bus::Bus;
use super::link::call;

/// Events of one chunk at most.
const CHUNK: u64 = 9;
/// How long a subscription is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A runner's connection.
#[derive(Clone)]
pub struct MemoryFeed(pub Arc<Bus>);

impl runner::Feed for MemoryFeed {
    type Messages = Messages;

    async fn subscribe(&self, after: i64) -> Option<Messages> {
        let bus = self.0.clone();
        let subscribed = call(&self.0.weather, async move {
            let born = bus.stream.lock().unwrap().as_ref()?.born;
            Some(Messages { bus: bus.clone(), born, next: after + 1, deaf: false })
        });
        tokio::time::timeout(PATIENCE, subscribed).await.ok()?.ok().flatten()
    }

    async fn announce(&self, _view: &str, _position: i64) {
        self.0.weather.pass().await;
    }
}

/// An ordered consumer.
pub struct Messages {
    bus: Arc<Bus>,
    born: u64,
    next: i64,
    /// Nothing arrives any more, and nobody says so.
    deaf: bool,
}

impl runner::Messages for Messages {
    async fn next(&mut self) -> Option<runner::Arrived> {
        loop {
            let bus = self.bus.clone();
            let (changed, weather) = (bus.changed.notified(), &bus.weather);
            self.deaf |= weather.fault(10);
            if self.deaf {
                std::future::pending::<()>().await;
            }
            if weather.fault(10) {
                return None;
            }
            if self.ready() {
                weather.pass().await;
                if let Some(chunk) = self.take() {
                    return Some(self.disturb(chunk).into_iter().map(Arc::new).collect());
                }
                // The stream was deleted: some consumers are told, others go on with the next one.
                if weather.chance.happens(500) {
                    return None;
                }
            }
            changed.await;
        }
    }
}

impl Messages {
    fn ready(&self) -> bool {
        let stream = self.bus.stream.lock().unwrap();
        stream.as_ref().is_none_or(|stream| stream.born != self.born || stream.last >= self.next)
    }

    fn take(&mut self) -> Option<Vec<Recorded>> {
        let stream = self.bus.stream.lock().unwrap();
        let stream = stream.as_ref()?;
        self.born = stream.born;
        let limit = usize::try_from(1 + self.bus.weather.chance.below(CHUNK)).unwrap();
        let arrived: Vec<_> = stream.messages.range(self.next..).take(limit).collect();
        self.next = arrived.last().map(|(sequence, _)| **sequence + 1)?;
        let readable = |(sequence, event): (&i64, &Recorded)| {
            // One in some forty is too large to send, and arrives without its payload.
            (event.position == *sequence && event.event_id.as_bytes()[0] > 6).then(|| event.clone())
        };
        Some(arrived.into_iter().filter_map(readable).collect())
    }

    fn disturb(&self, chunk: Vec<Recorded>) -> Vec<Recorded> {
        let weather = &self.bus.weather;
        let mut disturbed: Vec<Recorded> = Vec::with_capacity(chunk.len());
        for event in chunk {
            if weather.fault(20) {
                continue;
            }
            if weather.fault(20) {
                disturbed.push(event.clone());
            }
            disturbed.push(event);
        }
        if disturbed.len() > 1 && weather.fault(30) {
            let place = usize::try_from(weather.chance.below(disturbed.len() as u64 - 1)).unwrap();
            disturbed.swap(place, place + 1);
        }
        disturbed
    }
}
