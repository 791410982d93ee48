//! One run: clients, processes and faults for a while, then calm, then judgement.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::client::{Client, Doors, Journal};
use crate::faults::Faults;
use crate::memory::bus::Bus;
use crate::memory::database::Database;
use crate::memory::link::Weather;
use crate::oracle;
use crate::plant::Plant;
use crate::process::{Duty, Process, Site};

const CLIENTS: usize = 4;
const COMMANDS: usize = 12;
/// How long everything may take to catch up once nothing fails any more.
const RECOVERY: Duration = Duration::from_secs(25);

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The first promise that was broken.
    pub violation: Option<String>,
    /// The digest of all steps.
    pub digest: (u64, u64),
    /// Events in the log.
    pub events: i64,
}

/// Runs a seed.
pub fn run(seed: u64, plant: Plant, told: bool) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(seed, plant, told))
}

async fn live(seed: u64, plant: Plant, told: bool) -> Outcome {
    let weather = Arc::new(Weather::new(seed, told));
    let database = Database::new(weather.clone(), plant);
    let bus = Bus::new(weather.clone(), plant);
    let doors: Doors = Arc::new(vec![Mutex::default(), Mutex::default()]);
    let journal: Journal = Arc::default();
    let site = Site { database: database.clone(), bus: bus.clone(), doors: doors.clone() };
    let duties = [Duty::Command(0), Duty::Command(1), Duty::Relay, Duty::Relay, Duty::Project, Duty::Project];
    let processes = duties.map(|duty| Process::start(duty, &site)).into_iter().collect();
    let tenants: Vec<_> = (0..3).map(|_| weather.chance.id()).collect();
    let mut clients = JoinSet::new();
    for name in 0..CLIENTS {
        let (database, doors, journal) = (database.clone(), doors.clone(), journal.clone());
        clients.spawn(Client { name, database, doors, journal, tenants: tenants.clone() }.send(COMMANDS));
    }
    let mut faults = Faults::new(site.clone(), processes, journal.clone());
    while !clients.is_empty() {
        tokio::select! {
            biased;
            done = clients.join_next() => {
                if let Some(Err(error)) = done {
                    weather.hold(Err(format!("a client failed: {error}")));
                }
            }
            () = faults.next() => {}
        }
    }
    weather.calm_down();
    faults.end();
    weather.trace.step("calm");
    let end = tokio::time::Instant::now() + RECOVERY;
    let promise = loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let promise = judge(&database, &bus, &journal);
        if promise.is_ok() || tokio::time::Instant::now() > end || weather.violation().is_some() {
            break promise;
        }
    };
    weather.hold(promise);
    Outcome {
        violation: weather.violation(),
        digest: weather.trace.digest(),
        events: database.look(|state| state.head),
    }
}

/// Everything at the end.
pub fn judge(database: &Database, bus: &Bus, journal: &Journal) -> Result<(), String> {
    database.look(|state| {
        oracle::log_is_dense(state)?;
        oracle::commands_are_whole(state)?;
        for ((tenant, key), position) in journal.lock().unwrap().iter() {
            let stored = state.answer(*tenant, key).map(|stored| stored.position);
            let there = state.events.get(position).is_some_and(|event| oracle::is_of(event, key));
            if stored != Some(*position) || !there {
                return Err(format!("{key} was acknowledged at {position} and is at {stored:?}"));
            }
        }
        for (view, have) in &state.views {
            oracle::view_is_a_fold(state, view)?;
            if have.checkpoint != state.head {
                return Err(format!("{view} stays at {} and the log is at {}", have.checkpoint, state.head));
            }
        }
        oracle::stream_is_a_copy(state, bus.stream.lock().unwrap().as_ref())
    })
}
