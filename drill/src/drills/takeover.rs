//! Two projectors, each with a relay and a runner of every read model; one of them goes away, or stops and comes back.

use std::fmt;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::{Drill, Scheduled};
use crate::layout::Layout;
use crate::settings::Form;
use crate::world::World;

/// The one that is left takes over; two at a time do no harm.
#[derive(Default)]
pub struct Takeover {
    away: Option<Away>,
}

/// Who goes away, and how.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    name: &'static str,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Killed,
    Stopped,
}

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Killed => write!(f, "{} is killed and stays away", self.name),
            How::Stopped => write!(f, "{} is stopped, with all its connections open", self.name),
        }
    }
}

impl Drill for Takeover {
    const NAME: &'static str = "takeover";
    const ABOUT: &'static str =
        "two projectors of the same names; the standby takes over from one that dies or stops";
    type Fault = Away;

    fn layout() -> Layout {
        Layout { projectors: 2, ..Layout::default() }
    }

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Away>> {
        let first = random.random_range(0..2);
        (0..form.pick(4, 16))
            .map(|number| Away {
                // Each goes away in both ways, one after the other.
                name: ["projector-1", "projector-2"][(first + number) % 2],
                how: if number / 2 % 2 == 0 { How::Stopped } else { How::Killed },
            })
            .map(|fault| Scheduled {
                // Meanwhile the other one works, so that what comes back is well behind.
                after: Duration::from_millis(random.random_range(1_500..2_500)),
                fault,
                recovers: true,
            })
            .collect()
    }

    /// The recovery that follows is that of the one that is left; the other comes back when the next one goes.
    async fn inject(&mut self, world: &mut World, away: &Away) -> anyhow::Result<()> {
        self.come_back(world)?;
        let service = world.service_named(away.name)?;
        match away.how {
            How::Killed => service.hold_down(),
            How::Stopped => service.pause(),
        }
        self.away = Some(*away);
        Ok(())
    }

    async fn finish(&mut self, world: &mut World, _: &mut crate::journal::Entries) -> anyhow::Result<()> {
        self.come_back(world)
    }
}

impl Takeover {
    fn come_back(&mut self, world: &World) -> anyhow::Result<()> {
        if let Some(away) = self.away.take() {
            let service = world.service_named(away.name)?;
            service.go_on();
            service.let_start();
        }
        Ok(())
    }
}
