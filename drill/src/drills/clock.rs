//! The wall clock of one process is a day off for a while.

mod shown;
mod tokens;

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::{Drill, Scheduled};
use crate::clocks::Clocks;
use crate::layout::Layout;
use crate::recovery::recovered;
use crate::settings::Form;
use crate::vdso;
use crate::world::World;
use tokens::Tokens;

/// By how many seconds a clock is off.
const DAY: i64 = 24 * 3600;
/// The tokens of clients at work are good for every clock here, so that a process goes on working while its own is off.
const GOOD_FOR_ALL: std::ops::Range<i64> = -2 * DAY..2 * DAY;

/// Order comes from the log and not from clocks, tokens fail closed, and nothing is held up for a day.
#[derive(Default)]
pub struct Clock;

/// Whose clock is off, how, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Off {
    who: &'static str,
    ahead: bool,
    /// Commands that are acknowledged meanwhile.
    commands: u64,
}

/// By the names of their clocks.
const WHO: [&str; 6] = ["command-api-1", "query-api", "postgres", "projector-1", NATS, "command-api-2"];
const NATS: &str = "nats-server";

impl Off {
    fn seconds(self) -> i64 {
        if self.ahead { DAY } else { -DAY }
    }
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.ahead { "ahead" } else { "behind" };
        write!(f, "the clock of {} is a day {way} for {} commands", self.who, self.commands)
    }
}

impl Drill for Clock {
    const NAME: &'static str = "clock";
    const ABOUT: &'static str =
        "the clock of one process is a day ahead or behind for a while, and goes back";
    type Fault = Off;

    fn unable() -> Option<String> {
        Clocks::make().err().map(|error| format!("{error:#}"))
    }

    fn lacks(world: &World, off: &Off) -> Option<String> {
        (off.who == NATS).then(|| set(world, NATS, 0).err().map(|error| format!("{error:#}"))).flatten()
    }

    fn layout() -> Layout {
        Layout { clocks: true, tokens: GOOD_FOR_ALL, ..Layout::default() }
    }

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Off>> {
        let mut faults = Vec::new();
        for _ in 0..form.pick(1, 2) {
            let mut who = WHO[..form.pick(5, 6)].to_vec();
            who.shuffle(random);
            let first = random.random_range(0..2);
            // One ahead, the next behind; in the long form then the other way round.
            for turn in 0..form.pick(1, 2) {
                faults.extend((first + turn..).zip(&who).map(|(number, who)| (*who, number % 2 == 0)));
            }
        }
        let scheduled = faults.into_iter().map(|(who, ahead)| Scheduled {
            after: Duration::from_millis(random.random_range(50..300)),
            fault: Off { who, ahead, commands: random.random_range(form.pick(40..80, 100..500)) },
            recovers: true,
        });
        scheduled.collect()
    }

    async fn inject(&mut self, world: &mut World, off: &Off) -> anyhow::Result<()> {
        let (who, seconds) = (off.who, off.seconds());
        let tokens = Tokens::sign(world)?;
        // Each token has been seen by each API before, so that one that is kept is told apart as well.
        tokens.judge(world, |_| 0).await.context("before")?;
        set(world, who, seconds)?;
        works(world, *off, &tokens).await.with_context(|| format!("while {off}"))?;
        set(world, who, 0)?;
        tokens.judge(world, |_| 0).await.with_context(|| format!("after {off}"))?;
        shown::judge(world, who, 0).await.with_context(|| format!("after {off}"))
    }
}

fn set(world: &World, who: &str, seconds: i64) -> anyhow::Result<()> {
    if who == NATS {
        // It is a program in Go.
        vdso::set(world.nats.pid().context("nats-server does not run")?, seconds)
    } else {
        world.clocks()?.set(who, seconds)
    }
}

/// Everything goes on, and what tells the time tells that of its own clock: which proves that the clock is off.
async fn works(world: &World, off: Off, tokens: &Tokens) -> anyhow::Result<()> {
    shown::judge(world, off.who, off.seconds()).await?;
    let clock = |who: &str| if who == off.who { off.seconds() } else { 0 };
    tokens.judge(world, clock).await?;
    ensure!(world.acknowledges(off.commands).await, "commands are not taken");
    // A command at each command API, published, and read.
    recovered(world).await?;
    tokens.judge(world, clock).await
}
