//! Processes that crash, stop and go on.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use event_store::appender::Appender;
use event_store::relay::Publisher;
use projections::ReadModel;
use projections::runner::{Follower, SharedFeed};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::client::Doors;
use crate::memory::bus::{Bus, BusLink};
use crate::memory::database::Database;
use crate::memory::feed::MemoryFeed;
use crate::memory::log::MemoryLog;
use crate::memory::store::MemoryStore;
use crate::views::{Listing, Tally};

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Appends what clients send; the number of its door.
    Command(usize),
    /// Relays.
    Relay,
    /// Runs every read model.
    Project,
}

/// The machine that processes run on.
#[derive(Clone)]
pub struct Site {
    pub database: Arc<Database>,
    pub bus: Arc<Bus>,
    pub doors: Doors,
}

/// A process, running or not.
pub struct Process {
    pub duty: Duty,
    site: Site,
    tasks: JoinSet<()>,
    stop: Arc<Stop>,
}

/// Whether a process is stopped, and whom to wake when it goes on.
#[derive(Default)]
struct Stop(Mutex<(bool, Vec<Waker>)>);

impl Process {
    pub fn start(duty: Duty, site: &Site) -> Self {
        let stop = Arc::default();
        let mut process = Self { duty, site: site.clone(), tasks: JoinSet::new(), stop };
        process.run();
        process
    }

    fn run(&mut self) {
        let Site { database, bus, doors } = self.site.clone();
        self.stop = Arc::default();
        match self.duty {
            Duty::Command(door) => {
                let (appender, task) = Appender::new(MemoryLog(database), Arc::default());
                *doors[door].lock().unwrap() = Some(appender);
                self.tasks.spawn(stoppable(task, self.stop.clone()));
            }
            Duty::Relay => {
                let publisher = Publisher {
                    log: MemoryLog(database),
                    bus: BusLink::connect(bus),
                    appended: Arc::new(Notify::new()),
                    batch: 7,
                    window: 40,
                };
                self.tasks.spawn(stoppable(publisher.run(), self.stop.clone()));
            }
            Duty::Project => {
                let (feed, passing_on) = SharedFeed::new(MemoryFeed(bus), 5);
                self.tasks.spawn(stoppable(passing_on, self.stop.clone()));
                for model in [ReadModel::of::<Listing>(), ReadModel::of::<Tally>()] {
                    let follower = Follower {
                        model,
                        store: MemoryStore(database.clone()),
                        feed: feed.clone(),
                        upcasters: event_store::fixtures::upcasters(),
                        batch: 5,
                    };
                    self.tasks.spawn(stoppable(follower.run(), self.stop.clone()));
                }
            }
        }
    }

    /// Ends it wherever it is.
    pub fn crash(&mut self) {
        if let Duty::Command(door) = self.duty {
            *self.site.doors[door].lock().unwrap() = None;
        }
        self.tasks.abort_all();
        self.tasks.detach_all();
    }

    pub fn is_running(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Starts it anew.
    pub fn restart(&mut self) {
        self.crash();
        self.run();
    }

    /// Stops it, as `SIGSTOP` does: what it sent is on its way.
    pub fn stop(&self) {
        self.stop.0.lock().unwrap().0 = true;
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        let mut stop = self.stop.0.lock().unwrap();
        stop.0 = false;
        stop.1.drain(..).for_each(Waker::wake);
    }
}

async fn stoppable(work: impl Future<Output = ()>, stop: Arc<Stop>) {
    let mut work = pin!(work);
    poll_fn(|context| {
        let mut stopped = stop.0.lock().unwrap();
        if stopped.0 {
            stopped.1.push(context.waker().clone());
            return Poll::Pending;
        }
        drop(stopped);
        work.as_mut().poll(context)
    })
    .await;
}
