//! The drills, each with its faults in a file of its own.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use rand::rngs::StdRng;

use crate::journal::Entries;
use crate::judge::Stream;
use crate::layout::Layout;
use crate::run::{Start, run};
use crate::settings::{Form, Settings};
use crate::world::World;

pub mod clock;
pub mod disk;
pub mod kills;
pub mod nats_store;
pub mod network;
pub mod numbers;
pub mod old_transaction;
pub mod pauses;
pub mod poison;
pub mod restore;
pub mod takeover;

/// One kind of trouble.
pub trait Drill: Default + Send {
    /// Its name on the command line.
    const NAME: &'static str;
    /// What it does, in a line.
    const ABOUT: &'static str;
    /// What it does to the system, in words when shown.
    type Fault: Display + Send + Sync;

    /// What the stream may be like in the end.
    const STREAM: Stream = Stream::Whole;

    /// Why it cannot be run here, if so.
    fn unable() -> Option<String> {
        None
    }

    /// Why this one fault cannot be injected here, if so: it is left out, and that is told.
    fn lacks(_world: &World, _fault: &Self::Fault) -> Option<String> {
        None
    }

    /// What it needs to be there.
    fn layout() -> Layout {
        Layout::default()
    }

    /// The faults, drawn from `random` and nothing else.
    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Self::Fault>>;

    /// Breaks something, and returns when it is no longer broken from outside.
    fn inject(
        &mut self,
        world: &mut World,
        fault: &Self::Fault,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// What else to check at the end, and what of the journal no longer counts.
    fn finish(
        &mut self,
        _world: &mut World,
        _entries: &mut Entries,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// A fault and its time.
#[derive(Clone, Debug)]
pub struct Scheduled<F> {
    /// How long after the fault before it, or after the recovery from that.
    pub after: Duration,
    /// The fault.
    pub fault: F,
    /// Whether the system may recover before the next one.
    pub recovers: bool,
}

/// A drill as the command line knows it.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Runs it.
    pub run: Start,
    /// The faults it would inject.
    pub schedule: fn(&Settings) -> Vec<String>,
}

/// All drills, in the order in which they are run.
pub fn all() -> Vec<Entry> {
    vec![
        entry::<kills::Kills>(),
        entry::<pauses::Pauses>(),
        entry::<nats_store::NatsStore>(),
        entry::<network::Network>(),
        entry::<old_transaction::OldTransaction>(),
        entry::<takeover::Takeover>(),
        entry::<restore::Restore>(),
        entry::<disk::Disk>(),
        entry::<poison::Poison>(),
        entry::<clock::Clock>(),
        entry::<numbers::Numbers<1>>(),
        entry::<numbers::Numbers<2>>(),
    ]
}

fn entry<D: Drill + 'static>() -> Entry {
    Entry {
        name: D::NAME,
        about: D::ABOUT,
        run: |settings| Box::pin(async move { run::<D>(&settings).await }),
        schedule: |settings| {
            let schedule = D::schedule(settings.form, &mut settings.random(D::NAME));
            schedule
                .iter()
                .map(|Scheduled { after, fault, .. }| format!("{after:?} later: {fault}"))
                .collect()
        },
    }
}
