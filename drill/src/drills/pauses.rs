//! `SIGSTOP` and `SIGCONT`: a machine that swaps, a virtual machine that moves, a debugger.

use std::fmt;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rustix::process::Signal;

use super::{Drill, Scheduled};
use crate::service::send;
use crate::settings::Form;
use crate::world::World;

/// Processes stand still and go on, not knowing that they did.
#[derive(Default)]
pub struct Pauses;

/// Who stands still, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    sleeper: Sleeper,
    time: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Sleeper {
    Service(&'static str),
    /// A session that serves a command API: perhaps just while it holds the lock of the head.
    Appender,
    Postmaster,
    Nats,
}

const SLEEPERS: [Sleeper; 7] = [
    Sleeper::Service("projector-1"),
    Sleeper::Appender,
    Sleeper::Service("command-api-1"),
    Sleeper::Nats,
    Sleeper::Service("query-api"),
    Sleeper::Postmaster,
    Sleeper::Service("command-api-2"),
];

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time;
        match self.sleeper {
            Sleeper::Service(name) => write!(f, "stop {name} for {time:?}"),
            Sleeper::Appender => write!(f, "stop a session of crm_appender for {time:?}"),
            Sleeper::Postmaster => write!(f, "stop the first process of PostgreSQL for {time:?}"),
            Sleeper::Nats => write!(f, "stop nats-server for {time:?}"),
        }
    }
}

impl Drill for Pauses {
    const NAME: &'static str = "pauses";
    const ABOUT: &'static str = "SIGSTOP and, 5 to 60 seconds later, SIGCONT";
    type Fault = Pause;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Pause>> {
        let mut sleepers = SLEEPERS;
        sleepers.shuffle(random);
        let times = form.pick(&[5, 5][..], &[5, 7, 10, 8, 60, 12, 20][..]);
        sleepers
            .into_iter()
            .zip(times)
            .map(|(sleeper, seconds)| Scheduled {
                after: Duration::from_millis(random.random_range(50..300)),
                fault: Pause { sleeper, time: Duration::from_secs(*seconds) },
                recovers: true,
            })
            .collect()
    }

    async fn inject(&mut self, world: &mut World, pause: &Pause) -> anyhow::Result<()> {
        match pause.sleeper {
            Sleeper::Service(name) => {
                world.service_named(name)?.pause();
                tokio::time::sleep(pause.time).await;
                world.service_named(name)?.go_on();
            }
            Sleeper::Appender => {
                let pid: Option<i32> = sqlx::query_scalar(
                    "select pid from pg_stat_activity where application_name = 'crm_appender' order by state limit 1",
                )
                .fetch_optional(&world.pool)
                .await?;
                stand_still(pid, pause.time).await;
            }
            Sleeper::Postmaster => stand_still(world.postgres.pid(), pause.time).await,
            Sleeper::Nats => stand_still(world.nats.pid(), pause.time).await,
        }
        Ok(())
    }
}

async fn stand_still(pid: Option<i32>, time: Duration) {
    let Some(pid) = pid else { return };
    send(pid, Signal::STOP);
    tokio::time::sleep(time).await;
    send(pid, Signal::CONT);
}
