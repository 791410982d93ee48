//! PostgreSQL and nats-server as a drill starts them, each in a folder of its own.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use embedded::{Config, Nats, Postgres, find_tools};

use crate::clocks::Clocks;

/// Where a folder in memory is, on Linux.
const IN_MEMORY: &str = "/dev/shm";
/// Room that a drill may need.
const ROOM: u64 = 4 << 30;

/// The folder of one drill: in memory if there is room, since most of the time would go into waiting for the disk, and a
/// power cut, against which a disk helps, is none of the faults here.
///
/// # Errors
/// It cannot be made.
pub fn folder(drill: &str) -> anyhow::Result<tempfile::TempDir> {
    let found = rustix::fs::statvfs(IN_MEMORY);
    let room = found.is_ok_and(|found| found.f_bavail * found.f_frsize >= ROOM);
    let parent = if room { PathBuf::from(IN_MEMORY) } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix(&format!("crm-drill-{drill}-")).tempdir_in(&parent);
    let folder = folder.with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    // Root runs the servers as an ordinary user, who has to get through.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Starts both servers, with durable settings, and applies the migrations. PostgreSQL goes by a clock of its own if there
/// are `clocks`.
///
/// # Errors
/// One does not start.
pub async fn start(dir: &Path, clocks: Option<&Clocks>) -> anyhow::Result<(Postgres, Nats)> {
    let launcher = clocks.map(|clocks| clocks.launcher("postgres")).transpose()?.unwrap_or_default();
    let tools = find_tools()?;
    let config = |name: &str| Config { tools: tools.clone(), dir: dir.join(name) };
    let (postgres, nats) = (config("postgres"), config("nats"));
    let servers = tokio::task::spawn_blocking(move || {
        anyhow::Ok((Postgres::open_through(&postgres, launcher)?, Nats::open(&nats)?))
    });
    let (postgres, nats) = servers.await??;
    let pool = sqlx::PgPool::connect(&postgres.url()).await?;
    migrations::MIGRATOR.run(&pool).await.context("cannot migrate the database")?;
    pool.close().await;
    Ok((postgres, nats))
}

/// Where a URL leads.
///
/// # Errors
/// It is not one of ours.
pub fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let (_, rest) = url.split_once('@').context("a server's URL has no user")?;
    Ok(rest.split('/').next().unwrap_or(rest).parse()?)
}

/// The same URL through a proxy.
///
/// # Errors
/// It is not one of ours.
pub fn through(url: &str, proxy: SocketAddr) -> anyhow::Result<String> {
    Ok(url.replacen(&address(url)?.to_string(), &proxy.to_string(), 1))
}
