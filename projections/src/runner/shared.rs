//! One subscription for all read models of a process: an event is sent and decoded once, however many fold it.
//!
//! Whoever is level with it takes what arrives by it. Whoever is behind, after a start or in a rush, has a subscription of
//! its own until it is level. Whoever read more from the log than has arrived has it begin anew from there.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use event_store::Recorded;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};

use super::port::{Arrived, Feed, Messages};

/// Events that are kept for runners that are not done with earlier ones.
const KEPT: usize = 4_096;
/// How long nothing may arrive before it is asked whether somebody knows of more.
const IDLE: Duration = Duration::from_secs(1);
/// How long a subscription that ended is left alone.
const PAUSE: Duration = Duration::from_millis(100);
/// Nobody has asked for anything yet.
const NOWHERE: i64 = -1;

/// A feed that many runners share.
pub struct SharedFeed<F> {
    shared: Arc<Shared<F>>,
    batch: usize,
}

struct Shared<F> {
    feed: F,
    events: broadcast::Sender<Arc<Recorded>>,
    /// The position of the last event that was passed on, or after which the subscription began. Set before the event is passed
    /// on, so that whoever listens and then finds itself here misses nothing.
    at: AtomicI64,
    /// How much of the log is known.
    known: watch::Sender<i64>,
}

/// What arrives for one runner.
pub struct Arrivals<F: Feed> {
    shared: Arc<Shared<F>>,
    source: Source<F::Messages>,
    /// The position of the last event that arrived.
    at: i64,
    batch: usize,
}

enum Source<M> {
    Own(M),
    Shared(broadcast::Receiver<Arc<Recorded>>),
}

impl<F> Clone for SharedFeed<F> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), batch: self.batch }
    }
}

impl<F: Feed + 'static> SharedFeed<F> {
    /// The feed, and what passes on the events of its subscription as long as it runs. A runner is given up to `batch` at once.
    pub fn new(feed: F, batch: usize) -> (Self, impl Future<Output = ()> + Send + use<F>) {
        let shared = Arc::new(Shared {
            feed,
            events: broadcast::Sender::new(KEPT),
            at: AtomicI64::new(NOWHERE),
            known: watch::Sender::new(NOWHERE),
        });
        (Self { shared: shared.clone(), batch }, shared.pass_on_for_ever())
    }
}

impl<F: Feed> Shared<F> {
    fn at(&self) -> i64 {
        self.at.load(Ordering::SeqCst)
    }

    async fn pass_on_for_ever(self: Arc<Self>) {
        let mut known = self.known.subscribe();
        while let Ok(after) = known.wait_for(|known| *known > NOWHERE).await.map(|known| known.max(self.at()))
        {
            match timeout(IDLE, self.feed.subscribe(after)).await {
                Ok(Some(messages)) => {
                    self.at.store(after, Ordering::SeqCst);
                    self.pass_on(messages).await;
                    sleep(PAUSE).await;
                }
                Ok(None) | Err(_) => sleep(IDLE).await,
            }
        }
    }

    /// Passes on what arrives until the subscription ends, begins anew, or is silent about what is known from elsewhere.
    async fn pass_on(&self, mut messages: F::Messages) {
        loop {
            match timeout(IDLE, messages.next()).await {
                Ok(Some(events)) => {
                    if last(&events).is_some_and(|last| last <= self.at()) {
                        return;
                    }
                    self.send(events);
                }
                Ok(None) => return,
                Err(_) if *self.known.borrow() > self.at() => return,
                Err(_) => {}
            }
        }
    }

    fn send(&self, events: Arrived) {
        if let Some(last) = last(&events) {
            self.at.store(last, Ordering::SeqCst);
        }
        for event in events {
            // Without a listener nobody misses it.
            let _listeners = self.events.send(event);
        }
    }
}

impl<F: Feed + 'static> Feed for SharedFeed<F> {
    type Messages = Arrivals<F>;

    async fn subscribe(&self, after: i64) -> Option<Arrivals<F>> {
        let listening = self.shared.events.subscribe();
        let source = if self.shared.at() > after {
            Source::Own(self.shared.feed.subscribe(after).await?)
        } else {
            self.shared.known.send_if_modified(|known| after > std::mem::replace(known, after.max(*known)));
            Source::Shared(listening)
        };
        Some(Arrivals { shared: self.shared.clone(), source, at: after, batch: self.batch })
    }

    async fn announce(&self, view: &str, position: i64) {
        self.shared.feed.announce(view, position).await;
    }
}

impl<F: Feed + 'static> Messages for Arrivals<F> {
    async fn next(&mut self) -> Option<Arrived> {
        let Self { shared, source, at, batch } = self;
        loop {
            match source {
                Source::Own(messages) => {
                    let events = messages.next().await?;
                    *at = last(&events).map_or(*at, |last| last.max(*at));
                    let listening = shared.events.subscribe();
                    if shared.at() <= *at {
                        *source = Source::Shared(listening);
                    }
                    return Some(events);
                }
                Source::Shared(listening) => match listening.recv().await {
                    Ok(first) => {
                        let mut events = vec![first];
                        while events.len() < *batch
                            && let Ok(event) = listening.try_recv()
                        {
                            events.push(event);
                        }
                        events.retain(|event| event.position > *at);
                        if let Some(last) = last(&events) {
                            *at = last;
                            return Some(events);
                        }
                    }
                    // It was too slow for what is kept, so it goes on by itself.
                    Err(_) => *source = Source::Own(shared.feed.subscribe(*at).await?),
                },
            }
        }
    }
}

/// The furthest position among events.
fn last(events: &[Arc<Recorded>]) -> Option<i64> {
    events.iter().map(|event| event.position).max()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use chrono::Utc;
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    /// A stream of numbered events, of which each subscription gets three at a time.
    #[derive(Clone)]
    struct Numbers {
        head: watch::Sender<i64>,
        subscriptions: Arc<AtomicUsize>,
        is_deaf: Arc<Mutex<bool>>,
    }

    struct Subscription {
        head: watch::Receiver<i64>,
        at: i64,
        is_deaf: bool,
    }

    impl Numbers {
        fn new() -> Self {
            Self { head: watch::Sender::new(0), subscriptions: Arc::default(), is_deaf: Arc::default() }
        }

        fn subscriptions(&self) -> usize {
            self.subscriptions.load(Ordering::SeqCst)
        }
    }

    impl Feed for Numbers {
        type Messages = Subscription;

        async fn subscribe(&self, after: i64) -> Option<Subscription> {
            self.subscriptions.fetch_add(1, Ordering::SeqCst);
            let is_deaf = std::mem::take(&mut *self.is_deaf.lock().unwrap());
            Some(Subscription { head: self.head.subscribe(), at: after, is_deaf })
        }

        async fn announce(&self, _view: &str, _position: i64) {}
    }

    impl Messages for Subscription {
        async fn next(&mut self) -> Option<Arrived> {
            if self.is_deaf {
                std::future::pending::<()>().await;
            }
            let head = *self.head.wait_for(|head| *head > self.at).await.ok()?;
            let positions = self.at + 1..=head.min(self.at + 3);
            self.at = *positions.end();
            Some(positions.map(|position| Arc::new(numbered(position))).collect())
        }
    }

    fn numbered(position: i64) -> Recorded {
        Recorded {
            position,
            tenant_id: Uuid::nil(),
            aggregate_type: String::new(),
            aggregate_id: Uuid::nil(),
            sequence: position,
            event_id: Uuid::nil(),
            event_type: String::new(),
            event_version: 1,
            payload: Value::Null,
            metadata: Value::Null,
            recorded_at: Utc::now(),
        }
    }

    /// The feed of a process, with what passes its events on.
    fn shared(numbers: &Numbers) -> SharedFeed<Numbers> {
        let (feed, passing_on) = SharedFeed::new(numbers.clone(), 1_000);
        tokio::spawn(passing_on);
        feed
    }

    /// Takes what arrives until a position, which has to be all of it, each once and in order.
    async fn take(arrivals: &mut Arrivals<Numbers>, until: i64) {
        while arrivals.at < until {
            let at = arrivals.at;
            let positions: Vec<i64> =
                arrivals.next().await.unwrap().iter().map(|event| event.position).collect();
            assert_eq!(positions, (at + 1..=arrivals.at).collect::<Vec<_>>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_subscription_is_enough_for_all() {
        let numbers = Numbers::new();
        let feed = shared(&numbers);
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(feed.subscribe(0).await.unwrap());
        }
        for head in [2, 3, 30] {
            numbers.head.send_replace(head);
            for arrivals in &mut all {
                take(arrivals, head).await;
            }
        }
        assert_eq!(numbers.subscriptions(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_later_is_sent_what_they_missed_and_then_shares() {
        let numbers = Numbers::new();
        let feed = shared(&numbers);
        let mut first = feed.subscribe(0).await.unwrap();
        numbers.head.send_replace(10);
        take(&mut first, 10).await;
        let mut second = feed.subscribe(0).await.unwrap();
        take(&mut second, 10).await;
        for head in 11..20 {
            numbers.head.send_replace(head);
            take(&mut first, head).await;
            take(&mut second, head).await;
        }
        assert_eq!(numbers.subscriptions(), 2);
        assert!(matches!(second.source, Source::Shared(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_too_slow_for_what_is_kept_goes_on_alone_until_level() {
        let numbers = Numbers::new();
        let feed = shared(&numbers);
        let mut fast = feed.subscribe(0).await.unwrap();
        let mut slow = feed.subscribe(0).await.unwrap();
        for head in (0..=10_000).step_by(1_000) {
            numbers.head.send_replace(head);
            take(&mut fast, head).await;
        }
        assert_eq!(numbers.subscriptions(), 1);
        take(&mut slow, 10_000).await;
        assert_eq!(numbers.subscriptions(), 2);
        numbers.head.send_replace(10_001);
        take(&mut slow, 10_001).await;
        assert!(matches!(slow.source, Source::Shared(_)));
        assert_eq!(numbers.subscriptions(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscription_that_fell_silent_begins_anew_where_the_log_is() {
        let numbers = Numbers::new();
        *numbers.is_deaf.lock().unwrap() = true;
        let feed = shared(&numbers);
        let mut arrivals = feed.subscribe(0).await.unwrap();
        numbers.head.send_replace(5);
        assert!(timeout(5 * IDLE, arrivals.next()).await.is_err());
        let mut arrivals = feed.subscribe(5).await.unwrap();
        numbers.head.send_replace(6);
        take(&mut arrivals, 6).await;
        assert_eq!(numbers.subscriptions(), 2);
    }
}
