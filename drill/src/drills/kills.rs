//! `kill -9` of every process, and of single sessions of PostgreSQL, at random moments.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rustix::process::Signal;

use super::{Drill, Scheduled};
use crate::service::send;
use crate::settings::Form;
use crate::world::World;

/// Processes die; what was acknowledged does not.
#[derive(Default)]
pub struct Kills;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// A `crm` process by its name.
    Service(&'static str),
    /// PostgreSQL, all of it.
    Postgres,
    /// The session of PostgreSQL that serves this role: the server then restarts all others too.
    Session(&'static str),
    /// The nats-server.
    Nats,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => write!(f, "kill -9 {name}"),
            Self::Postgres => write!(f, "kill -9 PostgreSQL"),
            Self::Session(role) => write!(f, "kill -9 a session of {role}"),
            Self::Nats => write!(f, "kill -9 nats-server"),
        }
    }
}

const VICTIMS: [Victim; 10] = [
    Victim::Service("command-api-1"),
    Victim::Service("command-api-2"),
    Victim::Service("projector-1"),
    Victim::Service("query-api"),
    Victim::Postgres,
    Victim::Session("crm_appender"),
    Victim::Session("crm_projector"),
    Victim::Session("crm_relay"),
    Victim::Session("crm_reader"),
    Victim::Nats,
];

impl Drill for Kills {
    const NAME: &'static str = "kills";
    const ABOUT: &'static str = "kill -9 of each process and of sessions of PostgreSQL, at random moments";
    type Fault = Victim;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Victim>> {
        let mut victims: Vec<Victim> = VICTIMS.to_vec();
        let kills = form.pick(40, 210);
        while victims.len() < kills {
            // Processes of ours end more often than servers, whose end takes all others with it.
            let share = if random.random_ratio(3, 4) { &VICTIMS[..4] } else { &VICTIMS[4..] };
            victims.extend(share.choose(random));
        }
        victims.shuffle(random);
        let mut schedule: Vec<_> = victims
            .into_iter()
            .map(|fault| Scheduled {
                after: Duration::from_millis(random.random_range(5..150)),
                fault,
                // Every other time the next one comes before the system is up again.
                recovers: random.random(),
            })
            .collect();
        if let Some(last) = schedule.last_mut() {
            last.recovers = true;
        }
        schedule
    }

    async fn inject(&mut self, world: &mut World, victim: &Victim) -> anyhow::Result<()> {
        match victim {
            Victim::Service(name) => world.services.get(*name).context("no such service")?.kill(),
            Victim::Postgres => tokio::task::block_in_place(|| {
                world.postgres.kill()?;
                world.postgres.restart()
            })?,
            Victim::Session(role) => kill_session(world, role).await,
            Victim::Nats => tokio::task::block_in_place(|| {
                world.nats.kill()?;
                world.nats.restart()
            })?,
        }
        Ok(())
    }
}

/// Kills a session of a role, the first that can be found within a moment: a service may be starting just now.
async fn kill_session(world: &World, role: &str) {
    for _ in 0..50 {
        let pid: Result<Option<i32>, _> = sqlx::query_scalar(
            "select pid from pg_stat_activity where application_name = $1 order by random() limit 1",
        )
        .bind(role)
        .fetch_optional(&world.pool)
        .await;
        if let Ok(Some(pid)) = pid {
            return send(pid, Signal::KILL);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
