//! A full disk, for PostgreSQL and for NATS.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand::Rng;
use rand::rngs::StdRng;

use super::{Drill, Scheduled};
use crate::layout::Layout;
use crate::settings::Form;
use crate::world::World;

/// Bytes of the disks, before something else fills them.
const POSTGRES_BYTES: u64 = 400 << 20;
const NATS_BYTES: u64 = 64 << 20;
/// How long a full disk may take to be noticed.
const NOTICED: Duration = Duration::from_secs(30);
/// How long the disk stays full then.
const FULL: Duration = Duration::from_secs(2);

/// There is no room left, and later there is.
#[derive(Default)]
pub struct Disk;

/// Whose disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// That of PostgreSQL: commands cannot be taken.
    Postgres,
    /// That of NATS: nothing that is promised needs it.
    Nats,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => write!(f, "the disk of PostgreSQL is full"),
            Self::Nats => write!(f, "the disk of NATS is full"),
        }
    }
}

impl Drill for Disk {
    const NAME: &'static str = "disk_full";
    const ABOUT: &'static str = "no room for PostgreSQL, then none for NATS; and then there is again";
    type Fault = Full;

    fn unable() -> Option<String> {
        if !cfg!(target_os = "linux") {
            return Some("needs Linux, to mount a file system with a size".to_owned());
        }
        let dir = std::env::temp_dir().join(format!("crm-drill-mount-{}", std::process::id()));
        let able = Mount::new(&dir, 1 << 20);
        let reason = match able {
            Ok(_mounted) => None,
            Err(error) if rustix::process::geteuid().is_root() => {
                Some(format!("root may not mount here: {error:#}"))
            }
            Err(_) => Some("needs root, to mount a file system with a size".to_owned()),
        };
        let _left = std::fs::remove_dir(&dir);
        reason
    }

    fn layout() -> Layout {
        let mounts = vec![("postgres", POSTGRES_BYTES), ("nats", NATS_BYTES)];
        Layout { mounts, ..Layout::default() }
    }

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Full>> {
        let rounds = form.pick(1, 4);
        let faults = (0..rounds).flat_map(|_| [Full::Postgres, Full::Nats]);
        faults
            .map(|fault| Scheduled {
                after: Duration::from_millis(random.random_range(200..600)),
                fault,
                recovers: true,
            })
            .collect()
    }

    async fn inject(&mut self, world: &mut World, full: &Full) -> anyhow::Result<()> {
        match full {
            Full::Postgres => postgres(world).await,
            Full::Nats => nats(world).await,
        }
    }
}

/// Until there is room, commands are answered 503, in the form of every problem.
async fn postgres(world: &mut World) -> anyhow::Result<()> {
    let ballast = Ballast::fill(&world.dir().join("postgres"))?;
    let begun = Instant::now();
    while !world.client(0)?.is_told_unavailable().await? {
        ensure!(begun.elapsed() < NOTICED, "the disk of PostgreSQL is full and no command was answered 503");
    }
    tokio::time::sleep(FULL).await;
    drop(ballast);
    // Whoever runs PostgreSQL starts it again if it gave up.
    if world.postgres.ended() {
        tokio::task::block_in_place(|| world.postgres.restart())?;
    }
    Ok(())
}

/// Commands go on all the time, and are read from the log.
async fn nats(world: &mut World) -> anyhow::Result<()> {
    let ballast = Ballast::fill(&world.dir().join("nats"))?;
    ensure!(world.acknowledges(100).await, "the disk of NATS is full and commands are not taken");
    let mut client = world.client(0)?;
    let begun = Instant::now();
    let Some(done) = client.open_at(0, || begun.elapsed() > NOTICED).await? else {
        bail!("the disk of NATS is full and a command was not taken");
    };
    while !client.sees(&done).await {
        ensure!(begun.elapsed() < NOTICED, "the disk of NATS is full and a deal cannot be read");
    }
    drop(ballast);
    if world.nats.ended() {
        tokio::task::block_in_place(|| world.nats.restart())?;
    }
    Ok(())
}

/// A file that takes what room there is, until it is dropped.
struct Ballast(PathBuf);

impl Ballast {
    fn fill(mounted: &Path) -> anyhow::Result<Self> {
        let ballast = Self(mounted.join("ballast"));
        let mut file = File::create(&ballast.0)?;
        for size in [1 << 20, 1 << 12, 1] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
        Ok(ballast)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // If it stays, nothing recovers, and that is reported.
        let _left = std::fs::remove_file(&self.0);
    }
}

/// A file system in memory with a size, unmounted when dropped.
pub struct Mount(PathBuf);

impl Mount {
    /// Mounts it at a new folder.
    ///
    /// # Errors
    /// The system does not let us.
    pub fn new(folder: &Path, bytes: u64) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let options = format!("size={bytes},mode=0755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).output();
        let output = mounted.context("cannot run mount")?;
        ensure!(output.status.success(), "mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a server may still be about to end.
        let _left = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
