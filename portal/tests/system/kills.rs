use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::crm::{Crm, Opened, Site};

const KILLS: usize = 20;
const CLIENTS: usize = 8;

/// Each client sends one command after the other, and sends one that was not answered again, under the same key, to the
/// next process. What was answered is in `journal`.
async fn client(site: Arc<Site>, crm: Arc<Crm>, client: usize, next: Arc<AtomicUsize>, journal: Journal) {
    loop {
        let key = format!("{client}-{}", next.load(Ordering::Acquire));
        let Some(opened) = site.open(&crm, &key).await else { return };
        journal.lock().await.insert(key, opened);
        next.fetch_add(1, Ordering::AcqRel);
    }
}

type Journal = Arc<Mutex<HashMap<String, Opened>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_twenty_times_no_acknowledged_command_is_lost_and_none_applied_twice() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let site = Arc::new(Site::new().await);
    let journal = Journal::default();
    let counters: Vec<_> = (0..CLIENTS).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    for _ in 0..KILLS {
        let crm = Arc::new(site.serve().await);
        let mut clients = JoinSet::new();
        for (number, next) in counters.iter().enumerate() {
            clients.spawn(client(site.clone(), crm.clone(), number, next.clone(), journal.clone()));
        }
        let enough = journal.lock().await.len() + random.random_range(20..150);
        let loaded = async {
            while journal.lock().await.len() < enough {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), loaded)
            .await
            .expect("the clients came to a standstill");
        crm.signal("KILL").await;
        while clients.join_next().await.is_some() {}
    }
    let mut crm = site.serve().await;
    for (number, next) in counters.iter().enumerate() {
        let key = format!("{number}-{}", next.load(Ordering::Acquire));
        let opened = site.open(&crm, &key).await.unwrap();
        journal.lock().await.insert(key, opened);
    }
    let journal = journal.lock().await;
    for (key, opened) in journal.iter() {
        assert_eq!(site.open(&crm, key).await.as_ref(), Some(opened), "the answer to {key} changed");
    }
    let stored: Vec<(String, i64)> = sqlx::query_as(
        "select payload -> 'data' ->> 'name', position from log.event where event_type = 'opportunity.opened'",
    )
    .fetch_all(&site.pool())
    .await
    .unwrap();
    assert_eq!(stored.len(), journal.len());
    for (key, position) in stored {
        assert!(journal.contains_key(&key) && journal[&key].position == position, "{key}");
    }
    crm.kill().await;
    site.assert_verified().await;
}
