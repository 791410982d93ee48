//! The sequence of a message is the position of its event, whatever happens to relays and streams.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use embedded::testing;
use event_store::relay::Relay;
use event_store::stream::EVENT_ID;
use event_store::{Recorded, StreamNames, read};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::log::Log;

struct Relayed {
    log: Log,
    names: StreamNames,
    jetstream: jetstream::Context,
}

impl Relayed {
    async fn new() -> Self {
        let nats = testing::nats();
        let client = event_store::nats::connect(&nats.url).await.unwrap();
        Self {
            log: Log::new().await,
            names: StreamNames::rooted(nats.stream),
            jetstream: jetstream::new(client),
        }
    }

    fn relay(&self) -> JoinHandle<()> {
        let relay = Relay {
            database_url: self.log.database.url().into(),
            jetstream: self.jetstream.clone(),
            names: self.names.clone(),
            replicas: 1,
            appended: self.log.store.appended(),
        };
        tokio::spawn(relay.run())
    }

    async fn count(&self, events: usize) {
        for _ in 0..events {
            self.log.count(Uuid::now_v7()).await;
        }
    }

    /// Waits until the stream ends where the log ends.
    async fn settle(&self) {
        let head = u64::try_from(read::head(&self.log.pool).await.unwrap()).unwrap();
        let caught_up = async {
            loop {
                if let Ok(stream) = self.jetstream.get_stream(self.names.stream()).await
                    && stream.cached_info().state.last_sequence == head
                {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), caught_up).await.expect("the relay did not catch up");
    }

    /// Every message of the stream is the event of the log that has its sequence as position.
    async fn assert_copy(&self) {
        let stream = self.jetstream.get_stream(self.names.stream()).await.unwrap();
        let events = read::after(&self.log.pool, 0, i64::MAX).await.unwrap();
        let state = &stream.cached_info().state;
        assert_eq!(state.messages, u64::try_from(events.len()).unwrap());
        for event in events {
            let message = stream.get_raw_message(u64::try_from(event.position).unwrap()).await.unwrap();
            let sent: Recorded = serde_json::from_slice(&message.payload).unwrap();
            assert_eq!(sent, event);
            assert_eq!(message.subject.as_str(), self.names.subject(&event));
        }
    }
}

#[tokio::test]
async fn messages_have_their_positions_as_sequences() {
    let relayed = Relayed::new().await;
    relayed.count(5).await;
    let relay = relayed.relay();
    relayed.settle().await;
    relayed.count(5).await;
    relayed.settle().await;
    relayed.assert_copy().await;
    relay.abort();
}

#[tokio::test]
async fn two_relays_at_once_publish_every_event_once() {
    let relayed = Relayed::new().await;
    let relays = [relayed.relay(), relayed.relay()];
    relayed.count(50).await;
    relayed.settle().await;
    relayed.assert_copy().await;
    relays.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn a_standby_takes_over_from_a_relay_that_ended() {
    let relayed = Relayed::new().await;
    let first = relayed.relay();
    relayed.count(3).await;
    relayed.settle().await;
    let second = relayed.relay();
    first.abort();
    relayed.count(3).await;
    relayed.settle().await;
    relayed.assert_copy().await;
    second.abort();
}

/// A relay that is stopped keeps its connection and with it the lock; here a bare connection holds it instead.
#[tokio::test]
async fn a_standby_stands_in_for_a_holder_of_the_lock_that_does_not_move() {
    let relayed = Relayed::new().await;
    let mut holder = relayed.log.pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock($1)")
        .bind(0x72_65_6c_61_79_i64)
        .execute(&mut *holder)
        .await
        .unwrap();
    let relay = relayed.relay();
    relayed.count(3).await;
    relayed.settle().await;
    relayed.assert_copy().await;
    relay.abort();
}

#[tokio::test]
async fn a_stream_that_is_deleted_while_events_come_in_is_made_again_in_full() {
    let relayed = Relayed::new().await;
    let relay = relayed.relay();
    relayed.count(20).await;
    relayed.settle().await;
    relayed.jetstream.delete_stream(relayed.names.stream()).await.unwrap();
    relayed.count(20).await;
    relayed.settle().await;
    relayed.assert_copy().await;
    relay.abort();
}

/// As when a relay of before a restore has one more event on its way while another sends several at once.
#[tokio::test]
async fn a_stray_event_among_those_of_the_log_is_replaced() {
    let relayed = Relayed::new().await;
    relayed.count(5).await;
    let config = stream::Config {
        name: relayed.names.stream(),
        subjects: vec![relayed.names.subjects()],
        ..stream::Config::default()
    };
    relayed.jetstream.create_stream(config).await.unwrap();
    for event in read::after(&relayed.log.pool, 0, 5).await.unwrap() {
        let id = if event.position == 3 { Uuid::now_v7() } else { event.event_id };
        let mut headers = async_nats::HeaderMap::new();
        headers.insert(EVENT_ID, id.to_string());
        let payload = serde_json::to_vec(&event).unwrap().into();
        let sent = relayed.jetstream.publish_with_headers(relayed.names.subject(&event), headers, payload);
        sent.await.unwrap().await.unwrap();
    }
    let event = read::at(&relayed.log.pool, 3).await.unwrap().unwrap();
    let relay = relayed.relay();
    let replaced = async {
        loop {
            if let Ok(stream) = relayed.jetstream.get_stream(relayed.names.stream()).await
                && let Ok(message) = stream.get_raw_message(3).await
                && message.headers.get(EVENT_ID).is_some_and(|id| id.as_str() == event.event_id.to_string())
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), replaced).await.unwrap();
    relayed.settle().await;
    relayed.assert_copy().await;
    relay.abort();
}

#[tokio::test]
async fn a_stream_of_another_history_is_replaced() {
    let relayed = Relayed::new().await;
    let config = stream::Config {
        name: relayed.names.stream(),
        subjects: vec![relayed.names.subjects()],
        ..stream::Config::default()
    };
    relayed.jetstream.create_stream(config).await.unwrap();
    let foreign = relayed.names.subjects().replace('>', "foreign");
    for _ in 0..7 {
        relayed.jetstream.publish(foreign.clone(), "ghost".into()).await.unwrap().await.unwrap();
    }
    relayed.count(7).await;
    let relay = relayed.relay();
    let copied = async {
        loop {
            // It is away for a moment while it is being replaced.
            if let Ok(stream) = relayed.jetstream.get_stream(relayed.names.stream()).await
                && let Ok(message) = stream.get_raw_message(7).await
                && message.subject != foreign.as_str().into()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), copied).await.unwrap();
    relayed.assert_copy().await;
    relay.abort();
}
