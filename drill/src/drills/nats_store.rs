//! The files of NATS: deleted, exchanged for an old copy, truncated, a bit flipped.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::{Drill, Scheduled};
use crate::judge::Stream;
use crate::settings::Form;
use crate::world::World;

/// The store of NATS is spoilt while the server is down.
#[derive(Default)]
pub struct NatsStore {
    old: Option<PathBuf>,
}

/// How, and what draws the place.
#[derive(Clone, Copy, Debug)]
pub struct Damage {
    kind: Kind,
    draw: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deleted,
    OldCopy,
    Truncated,
    BitFlipped,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Deleted => write!(f, "NATS store deleted"),
            Kind::OldCopy => write!(f, "NATS store replaced by an old copy"),
            Kind::Truncated => write!(f, "a file of the NATS store truncated, draw {}", self.draw),
            Kind::BitFlipped => write!(f, "a bit in the NATS store flipped, draw {}", self.draw),
        }
    }
}

impl Drill for NatsStore {
    const NAME: &'static str = "nats_store";
    const ABOUT: &'static str =
        "the store of NATS deleted, replaced by an old copy, truncated, a bit of it flipped";
    const STREAM: Stream = Stream::Holes;
    type Fault = Damage;

    fn schedule(form: Form, random: &mut StdRng) -> Vec<Scheduled<Damage>> {
        let each = form.pick(1, 20);
        let kinds = [Kind::Deleted, Kind::OldCopy, Kind::Truncated, Kind::BitFlipped];
        let mut damages: Vec<Damage> = kinds
            .into_iter()
            .flat_map(|kind| std::iter::repeat_n(kind, each))
            .map(|kind| Damage { kind, draw: random.random_range(0..1_000_000) })
            .collect();
        damages.shuffle(random);
        damages
            .into_iter()
            .map(|fault| Scheduled {
                after: Duration::from_millis(random.random_range(100..500)),
                fault,
                recovers: true,
            })
            .collect()
    }

    async fn inject(&mut self, world: &mut World, damage: &Damage) -> anyhow::Result<()> {
        tokio::task::block_in_place(|| {
            world.nats.kill()?;
            let store = world.nats.store_dir();
            let now = world.dir().join("nats-store-copy.new");
            copy(&store, &now)?;
            let before = world.dir().join("nats-store-copy");
            match damage.kind {
                Kind::Deleted => fs::remove_dir_all(&store)?,
                Kind::OldCopy => {
                    fs::remove_dir_all(&store)?;
                    copy(self.old.as_deref().unwrap_or(&now), &store)?;
                }
                Kind::Truncated => truncate(&store, damage.draw)?,
                Kind::BitFlipped => flip(&store, damage.draw)?,
            }
            if before.exists() {
                fs::remove_dir_all(&before)?;
            }
            fs::rename(&now, &before)?;
            self.old = Some(before);
            world.nats.restart().context("nats-server does not start on this store")
        })
    }
}

/// Cuts a file off somewhere.
fn truncate(store: &Path, draw: u64) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(draw);
    let Some((file, length)) = a_file(store, &mut random)? else { return Ok(()) };
    Ok(OpenOptions::new().write(true).open(file)?.set_len(random.random_range(0..length))?)
}

/// Turns one bit of a file round.
fn flip(store: &Path, draw: u64) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(draw);
    let Some((path, length)) = a_file(store, &mut random)? else { return Ok(()) };
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let (at, mut byte) = (random.random_range(0..length), [0]);
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << random.random_range(0..8);
    Ok(file.write_all_at(&byte, at)?)
}

/// A file with its length: three times of four one that holds messages.
fn a_file(store: &Path, random: &mut StdRng) -> anyhow::Result<Option<(PathBuf, u64)>> {
    let mut all = Vec::new();
    files(store, &mut all)?;
    all.sort();
    let (messages, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(path, _)| path.extension().is_some_and(|extension| extension == "blk"));
    let from = if others.is_empty() || (!messages.is_empty() && random.random_ratio(3, 4)) {
        messages
    } else {
        others
    };
    Ok((!from.is_empty()).then(|| from[random.random_range(0..from.len())].clone()))
}

fn files(dir: &Path, all: &mut Vec<(PathBuf, u64)>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            files(&entry.path(), all)?;
        } else if metadata.len() > 0 {
            all.push((entry.path(), metadata.len()));
        }
    }
    Ok(())
}

/// Copies a folder with the owners of everything in it.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    if metadata.is_dir() {
        fs::create_dir(to).with_context(|| format!("cannot make {}", to.display()))?;
        fs::set_permissions(to, metadata.permissions())?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        fs::copy(from, to)?;
    }
    if rustix::process::geteuid().is_root() {
        lchown(to, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    Ok(())
}
