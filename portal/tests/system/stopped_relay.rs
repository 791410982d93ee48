use std::time::{Duration, Instant};

use async_nats::jetstream;
use event_store::{Recorded, StreamNames, nats};

use crate::crm::Site;

/// How long the first relay stays stopped: many times what a standby waits for.
const STOPPED: Duration = Duration::from_secs(30);

/// Two projectors with a relay each, and a command API. The active one is stopped while events come in, and continued
/// after the other has published them in its place; the first time for as long as [`STOPPED`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_was_stopped_and_continued_publishes_nothing_twice_and_nothing_out_of_order() {
    let site = Site::new().await;
    let commands = site.start(&["command-api", "--listen", "127.0.0.1:0"]).await;
    let relays = [site.start(&["projector"]).await, site.start(&["projector"]).await];
    let names = StreamNames::rooted(site.nats_root.clone());
    let jetstream = jetstream::new(nats::connect(&site.nats_url).await.unwrap());
    let begun = Instant::now();
    for round in 0..6 {
        let stopped = &relays[round % 2];
        stopped.signal("STOP").await;
        let mut last = 0;
        for number in 0..20 {
            last = site.open(&commands, &format!("{round}-{number}")).await.unwrap().position;
        }
        published(&jetstream, &names, last).await;
        let mut extra = 0;
        while round == 0 && begun.elapsed() < STOPPED {
            last = site.open(&commands, &format!("stopped-{extra}")).await.unwrap().position;
            published(&jetstream, &names, last).await;
            extra += 1;
        }
        stopped.signal("CONT").await;
        for number in 20..40 {
            last = site.open(&commands, &format!("{round}-{number}")).await.unwrap().position;
        }
        published(&jetstream, &names, last).await;
    }
    let stream = jetstream.get_stream(names.stream()).await.unwrap();
    let state = &stream.cached_info().state;
    assert_eq!(state.messages, state.last_sequence);
    for sequence in 1..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let event: Recorded = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(u64::try_from(event.position).unwrap(), sequence);
    }
    drop(relays);
    site.assert_verified().await;
}

async fn published(jetstream: &jetstream::Context, names: &StreamNames, position: i64) {
    let reached = async {
        loop {
            if let Ok(stream) = jetstream.get_stream(names.stream()).await
                && stream.cached_info().state.last_sequence >= u64::try_from(position).unwrap()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect("nobody published");
}
