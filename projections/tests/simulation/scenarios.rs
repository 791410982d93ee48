//! Runs without chance: one thing goes wrong, and what it takes to get over it.

use std::sync::Arc;
use std::time::Duration;

use event_store::appender::Log;
use event_store::{Append, NewEvent};
use uuid::Uuid;

use crate::memory::bus::Bus;
use crate::memory::database::Database;
use crate::memory::link::Weather;
use crate::memory::log::MemoryLog;
use crate::plant::Plant;
use crate::process::{Duty, Process, Site};
use crate::run::judge;

/// A calm site without any process.
struct Scene {
    site: Site,
}

impl Scene {
    fn new() -> Self {
        Self::with(Plant::Nothing)
    }

    fn with(plant: Plant) -> Self {
        let weather = Arc::new(Weather::new(0, false));
        weather.calm_down();
        let database = Database::new(weather.clone(), plant);
        let bus = Bus::new(weather, Plant::Nothing);
        Self { site: Site { database, bus, doors: Arc::default() } }
    }

    /// Appends events of one aggregate, whose ids begin with `first`.
    async fn append(&self, first: u8, events: i64) {
        let head = self.site.database.look(|state| state.head);
        let event = |step| {
            let mut id = Uuid::from_u128(u128::try_from(head + step).unwrap()).into_bytes();
            id[0] = first;
            NewEvent {
                aggregate_type: "sales.opportunity",
                aggregate_id: Uuid::nil(),
                sequence: head + step,
                event_id: Uuid::from_bytes(id),
                event_type: "opportunity.activity_logged".into(),
                event_version: 1,
                payload: r#"{"type": "activity_logged", "data": {"kind": "note", "summary": "a b"}}"#.into(),
                metadata: r#"{"actor": "a", "occurred_at": "2026-03-01T00:00:00Z", "correlation_id": "b"}"#
                    .into(),
            }
        };
        let append = Append { events: (1..=events).map(event).collect(), ..Append::default() };
        MemoryLog(self.site.database.clone()).write(&[&append]).await.unwrap();
    }

    /// What is broken after so many seconds.
    async fn broken_after(&self, seconds: u64) -> Option<String> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let judged = judge(&self.site.database, &self.site.bus, &Arc::default());
        self.site.database.weather.violation().or(judged.err())
    }

    /// Everything has caught up after so many seconds.
    async fn settle(&self, seconds: u64) {
        assert_eq!(self.broken_after(seconds).await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_event_is_folded_also_if_it_was_too_large_to_send() {
    let scene = Scene::new();
    let _processes = [Duty::Relay, Duty::Project].map(|duty| Process::start(duty, &scene.site));
    scene.append(0xff, 3).await;
    scene.settle(3).await;
    scene.append(0, 1).await;
    scene.settle(3).await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_is_ahead_of_a_restored_database_goes_back() {
    let scene = Scene::new();
    let mut processes = [Duty::Relay, Duty::Project].map(|duty| Process::start(duty, &scene.site));
    scene.append(0xfd, 3).await;
    scene.settle(3).await;
    let backup = scene.site.database.backup();
    scene.append(0xfe, 5).await;
    scene.settle(3).await;
    scene.site.database.restore(backup);
    scene.append(0xff, 2).await;
    scene.settle(10).await;
    processes.iter_mut().for_each(Process::crash);
}

/// A relay of before the restore can have the next event in its socket, and one of after it sends several at once: then
/// the first is refused, and those that follow it are not.
async fn stray_event(plant: Plant) -> Option<String> {
    let scene = Scene::with(plant);
    let mut relay = Process::start(Duty::Relay, &scene.site);
    scene.append(0xfd, 3).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let backup = scene.site.database.backup();
    relay.crash();
    scene.append(0xfe, 1).await;
    let stray = scene.site.database.look(|state| state.events[&4].clone());
    scene.site.database.restore(backup);
    scene.append(0xff, 3).await;
    scene.site.bus.arrives(stray);
    for position in [5, 6] {
        scene.site.bus.arrives(scene.site.database.look(|state| state.events[&position].clone()));
    }
    let _project = Process::start(Duty::Project, &scene.site);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let _relay = Process::start(Duty::Relay, &scene.site);
    scene.broken_after(10).await
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_history_among_those_of_the_log_is_not_folded_and_goes_away() {
    assert_eq!(stray_event(Plant::Nothing).await, None);
}

#[tokio::test(start_paused = true)]
async fn asking_the_log_for_the_last_event_alone_lets_a_stray_one_in() {
    assert_ne!(stray_event(Plant::LastEventOnly).await, None);
}
