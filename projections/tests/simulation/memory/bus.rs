//! The stream: numbers its messages, refuses one that does not follow, forgets the oldest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::relay::{self, BusError, StreamEnd};
use event_store::{RawRecorded, Recorded};
use tokio::sync::{Notify, mpsc, oneshot};

use super::link::{Weather, call};
use super::text::read;
use crate::plant::Plant;

/// How long an acknowledgement is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A stream as it lies on disk.
#[derive(Clone)]
pub struct Stream {
    /// Which of all streams so far it is.
    pub born: u64,
    pub first: i64,
    pub last: i64,
    pub window: i64,
    pub messages: BTreeMap<i64, Recorded>,
}

/// The server.
pub struct Bus {
    pub weather: Arc<Weather>,
    pub plant: Plant,
    pub stream: Mutex<Option<Stream>>,
    pub changed: Notify,
    born: Mutex<u64>,
    /// How often the server was started.
    starts: AtomicU64,
}

impl Bus {
    pub fn new(weather: Arc<Weather>, plant: Plant) -> Arc<Self> {
        let (stream, changed, born, starts) = Default::default();
        Arc::new(Self { weather, plant, stream, changed, born, starts })
    }

    /// What a fault does to the stream on disk while the server is down: all connections are cut.
    pub fn tamper(&self, tamper: impl FnOnce(&mut Option<Stream>)) {
        self.starts.fetch_add(1, Ordering::Relaxed);
        tamper(&mut self.stream.lock().unwrap());
        self.changed.notify_waiters();
    }

    pub fn next_birth(&self) -> u64 {
        let mut born = self.born.lock().unwrap();
        *born += 1;
        *born
    }

    /// A message arrives that was sent long ago.
    pub fn arrives(&self, event: Recorded) {
        let expected = event.position - 1;
        self.take(event, expected).unwrap();
    }

    fn take(&self, event: Recorded, expected: i64) -> Result<i64, BusError> {
        let mut stream = self.stream.lock().unwrap();
        let Some(stream) = stream.as_mut() else { return Err(BusError::Refused) };
        if stream.last != expected && self.plant != Plant::NoFence {
            return Err(BusError::Refused);
        }
        stream.last += 1;
        self.weather.trace.step(format_args!("published {} as {}", event.position, stream.last));
        if event.position != stream.last {
            self.weather.hold(Err(format!("event {} is message {}", event.position, stream.last)));
        }
        stream.messages.insert(stream.last, event);
        let oldest = stream.last - stream.window;
        stream.messages.retain(|sequence, _| *sequence > oldest);
        self.changed.notify_waiters();
        Ok(stream.last)
    }
}

type Publish = (Recorded, i64, oneshot::Sender<Result<i64, BusError>>);

/// A relay's connection.
pub struct BusLink {
    bus: Arc<Bus>,
    socket: mpsc::UnboundedSender<Publish>,
    /// The start of the server that this connection knows.
    known: AtomicU64,
}

impl BusLink {
    pub fn connect(bus: Arc<Bus>) -> Self {
        let (socket, sent) = mpsc::unbounded_channel();
        tokio::spawn(deliver(bus.clone(), sent));
        let known = AtomicU64::new(bus.starts.load(Ordering::Relaxed));
        Self { bus, socket, known }
    }

    /// The first request after the server was started again fails, and connects anew.
    fn connected(&self) -> Result<(), BusError> {
        let starts = self.bus.starts.load(Ordering::Relaxed);
        let known = self.known.swap(starts, Ordering::Relaxed);
        if known == starts { Ok(()) } else { Err(BusError::Unavailable("the connection was cut".into())) }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Bus) -> T + Send + 'static,
    ) -> Result<T, BusError> {
        self.connected()?;
        let bus = self.bus.clone();
        let asked = call(&self.bus.weather, async move { question(&bus) });
        asked.await.map_err(|_| BusError::Unavailable("no answer".into()))
    }
}

/// What was written into a socket arrives in order, sooner or later, also if the process is gone by then.
async fn deliver(bus: Arc<Bus>, mut sent: mpsc::UnboundedReceiver<Publish>) {
    let mut unanswered = Vec::new();
    while let Some((event, expected, answer)) = sent.recv().await {
        if bus.weather.chance.happens(50) {
            bus.weather.pass().await;
        }
        if bus.weather.fault(10) {
            tokio::time::sleep(Duration::from_millis(bus.weather.chance.below(8_000))).await;
        }
        let taken = bus.take(event, expected);
        if !bus.weather.fault(3) {
            // A relay that is gone needs no answer.
            let _gone = answer.send(taken);
        } else {
            // Kept, so that whoever waits for it learns nothing.
            unanswered.push(answer);
        }
    }
}

impl relay::Bus for BusLink {
    async fn end(&self) -> Result<Option<StreamEnd>, BusError> {
        self.ask(|bus| {
            let stream = bus.stream.lock().unwrap();
            let end =
                |stream: &Stream| StreamEnd { last: stream.last, messages: stream.messages.len() as u64 };
            stream.as_ref().map(end)
        })
        .await
    }

    async fn event_ids(&self, after: i64, until: i64) -> Result<Vec<Option<String>>, BusError> {
        self.ask(move |bus| {
            let stream = bus.stream.lock().unwrap();
            let messages = &stream.as_ref().ok_or(BusError::Refused)?.messages;
            let id = |sequence| Some(messages.get(&sequence)?.event_id.to_string());
            Ok((after + 1..=until).map(id).collect())
        })
        .await?
    }

    async fn publish(&self, events: &[RawRecorded]) -> Result<(), BusError> {
        self.connected()?;
        let mut answers = Vec::new();
        for event in events {
            if self.bus.weather.chance.happens(30) {
                self.bus.weather.pass().await;
            }
            let (answer, answered) = oneshot::channel();
            let sent = self.socket.send((read(event.clone()), event.position - 1, answer));
            sent.map_err(|_| BusError::Unavailable("the connection is closed".into()))?;
            answers.push((event.position, answered));
        }
        for (expected, answered) in answers {
            let answer = tokio::time::timeout(PATIENCE, answered).await;
            let Ok(Ok(stored)) = answer else {
                return Err(BusError::Unavailable("no acknowledgement".into()));
            };
            if stored? != expected {
                return Err(BusError::Refused);
            }
        }
        self.bus.weather.pass().await;
        Ok(())
    }

    async fn create(&self, first: i64, window: i64) -> Result<(), BusError> {
        self.ask(move |bus| {
            let mut stream = bus.stream.lock().unwrap();
            match stream.as_ref() {
                Some(there) if there.first == first => Ok(()),
                Some(_) => Err(BusError::Unavailable("the name is taken".into())),
                None => {
                    let born = bus.next_birth();
                    bus.weather.trace.step(format_args!("stream {born} begins at {first}"));
                    *stream =
                        Some(Stream { born, first, last: first - 1, window, messages: BTreeMap::new() });
                    Ok(())
                }
            }
        })
        .await?
    }

    async fn delete(&self) -> Result<(), BusError> {
        self.ask(|bus| match bus.stream.lock().unwrap().take() {
            Some(stream) => {
                bus.weather.trace.step(format_args!("stream {} is deleted", stream.born));
                bus.changed.notify_waiters();
                Ok(())
            }
            None => Err(BusError::Unavailable("there is no stream".into())),
        })
        .await?
    }
}
