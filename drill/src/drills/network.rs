//! What networks do: cut, delay, half-open, one byte a second, a reset in mid-message. Between every pair.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::{Drill, Scheduled};
use crate::proxy::Mode;
use crate::settings::Form;
use crate::world::World;

/// Connections fail in every way.
#[derive(Default)]
pub struct Network;

/// A connection, what happens to it, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pair: &'static str,
    mode: Mode,
    time: Duration,
}

const PAIRS: [&str; 9] = [
    "client → command-api-1",
    "client → query-api",
    "command-api-1 → postgres",
    "command-api-2 → postgres",
    "query-api → postgres",
    "query-api → nats",
    "projector-1 → postgres",
    "projector-1 → nats",
    "client → command-api-2",
];

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pair, mode, time } = self;
        match mode {
            Mode::Pass => write!(f, "{pair}: nothing"),
            Mode::Cut => write!(f, "{pair}: cut for {time:?}"),
            Mode::Delay(by) => write!(f, "{pair}: {by:?} later, for {time:?}"),
            Mode::HalfOpen => write!(f, "{pair}: half-open connections, made for {time:?}"),
            Mode::Trickle => write!(f, "{pair}: one byte a second for {time:?}"),
            Mode::Reset(after) => write!(f, "{pair}: reset after {after} bytes, for {time:?}"),
        }
    }
}

fn modes(random: &mut StdRng) -> [Mode; 5] {
    [
        Mode::Cut,
        Mode::Delay(Duration::from_millis(random.random_range(50..400))),
        Mode::HalfOpen,
        Mode::Trickle,
        Mode::Reset(random.random_range(10..3_000)),
    ]
}

impl Drill for Network {
    const NAME: &'static str = "network";
    const ABOUT: &'static str =
        "between each pair: cut, delay, half-open, one byte a second, reset in mid-message";
    type Fault = Trouble;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Trouble>> {
        let mut pairs = PAIRS;
        pairs.shuffle(random);
        let mut troubles: Vec<(&'static str, Mode)> = Vec::new();
        for (number, pair) in pairs.into_iter().enumerate() {
            let modes = modes(random);
            match form {
                Form::Short => troubles.push((pair, modes[number % modes.len()])),
                Form::Long => troubles.extend(modes.map(|mode| (pair, mode))),
            }
        }
        troubles.shuffle(random);
        troubles
            .into_iter()
            .map(|(pair, mode)| Scheduled {
                after: Duration::from_millis(random.random_range(20..200)),
                fault: Trouble { pair, mode, time: Duration::from_millis(random.random_range(400..2_000)) },
                recovers: true,
            })
            .collect()
    }

    async fn inject(&mut self, world: &mut World, trouble: &Trouble) -> anyhow::Result<()> {
        let proxy = world.proxies.get(trouble.pair).with_context(|| format!("no pair {}", trouble.pair))?;
        proxy.set(trouble.mode);
        tokio::time::sleep(trouble.time).await;
        proxy.set(Mode::Pass);
        Ok(())
    }
}
