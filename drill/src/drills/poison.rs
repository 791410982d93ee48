//! An event that no build can read, in the log of one tenant.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Drill, Scheduled};
use crate::recovery::{PATIENCE, recovered};
use crate::settings::Form;
use crate::world::World;

/// The tenant that is hit; what looks whether all others go on is of the first one.
const TENANT: usize = 1;

/// The read models of that tenant that read the event stop and say so; all others go on; mended, they go on in order.
#[derive(Default)]
pub struct Poison;

/// What cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dose {
    /// A type that this build does not know.
    UnknownType,
    /// A known type with a field that has another shape.
    Undecodable,
}

impl fmt::Display for Dose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType => write!(f, "an event of a type that nobody knows"),
            Self::Undecodable => write!(f, "an event with a payload that nobody can decode"),
        }
    }
}

impl Drill for Poison {
    const NAME: &'static str = "poison";
    const ABOUT: &'static str = "an event of one tenant cannot be read, until it is mended";
    type Fault = Dose;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Dose>> {
        let mut doses = [Dose::UnknownType, Dose::Undecodable].repeat(form.pick(1, 4));
        doses.shuffle(random);
        let scheduled = |fault| Scheduled {
            after: Duration::from_millis(random.random_range(100..400)),
            fault,
            recovers: true,
        };
        doses.into_iter().map(scheduled).collect()
    }

    async fn inject(&mut self, world: &mut World, dose: &Dose) -> anyhow::Result<()> {
        let projector = world.service_named("projector-1")?;
        projector.hold_down();
        let mut client = world.client(TENANT)?;
        let begun = Instant::now();
        let done = client.open_at(0, || begun.elapsed() > PATIENCE).await?.context("no deal to spoil")?;
        let healthy = spoil(world, done.position, *dose).await?;
        world.service_named("projector-1")?.let_start();

        let tenant = world.site.tenants[TENANT].id;
        let parked = parked_at(world, tenant, done.position).await?;
        ensure!(!is_healthy(world).await, "read models stand still and /health/ready says that all is well");
        // The other tenants' rows go on, and so do this tenant's in read models that do not read the event.
        recovered(world).await.context("beside a read model of another tenant that stands still")?;
        let others: Vec<&str> =
            parked.iter().map(String::as_str).filter(|view| view.contains("lead")).collect();
        ensure!(others.is_empty(), "{others:?} stand still at an event that they do not read");

        mend(world, done.position, healthy).await?;
        for view in &parked {
            let (resumed, said) = world.run(&["resume", view, "--tenant", &tenant.to_string()]).await?;
            ensure!(resumed, "crm resume {view}: {said}");
        }
        let begun = Instant::now();
        while !is_healthy(world).await {
            ensure!(begun.elapsed() < PATIENCE, "all is mended and /health/ready does not say so");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// Makes an event unreadable; returns what it was.
async fn spoil(world: &World, position: i64, dose: Dose) -> anyhow::Result<(String, Value)> {
    let healthy: (String, Value) =
        sqlx::query_as("select event_type, payload from log.event where position = $1")
            .bind(position)
            .fetch_one(&world.pool)
            .await?;
    let spoilt = match dose {
        Dose::UnknownType => {
            ("opportunity.teleported".to_owned(), json!({"type": "teleported", "data": {"to": "Mars"}}))
        }
        Dose::Undecodable => {
            let mut payload = healthy.1.clone();
            payload["data"]["name"] = json!(["not", "a", "name"]);
            (healthy.0.clone(), payload)
        }
    };
    mend(world, position, spoilt).await?;
    Ok(healthy)
}

/// Stands in for the build that can read the event: nobody else may change one.
async fn mend(world: &World, position: i64, (event_type, payload): (String, Value)) -> anyhow::Result<()> {
    sqlx::query("update log.event set event_type = $2, payload = $3 where position = $1")
        .bind(position)
        .bind(event_type)
        .bind(payload)
        .execute(&world.pool)
        .await?;
    Ok(())
}

/// The read models of the tenant that stand still at the event, as soon as there are any and all have seen it.
async fn parked_at(world: &World, tenant: Uuid, position: i64) -> anyhow::Result<Vec<String>> {
    let begun = Instant::now();
    loop {
        let behind: bool =
            sqlx::query_scalar("select exists (select from read_model.checkpoint where position < $1)")
                .bind(position)
                .fetch_one(&world.pool)
                .await?;
        let parked: Vec<String> =
            sqlx::query_scalar("select view from read_model.parked where tenant_id = $1 and position = $2")
                .bind(tenant)
                .bind(position)
                .fetch_all(&world.pool)
                .await?;
        if !behind && !parked.is_empty() {
            return Ok(parked);
        }
        if begun.elapsed() > PATIENCE {
            bail!("no read model stands still at position {position}, which cannot be read");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_healthy(world: &World) -> bool {
    let answer = reqwest::get(format!("http://{}/health/ready", world.projector_health)).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}
