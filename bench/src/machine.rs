//! Which machine the figures are from.

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use chrono::Utc;
use event_store::nats;
use serde::Serialize;
use sqlx::{Connection, PgConnection};

use crate::servers::Servers;

/// What the figures depend on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    cpu: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    postgres: String,
    nats: String,
    commit: String,
    date: String,
    /// How many processes wanted to run just before, on average over a minute: what else the machine was doing.
    load: String,
}

impl Machine {
    /// This one.
    pub async fn of(servers: &Servers) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(&servers.database_url()).await?;
        let postgres: String =
            sqlx::query_scalar("select current_setting('server_version')").fetch_one(&mut connection).await?;
        connection.close().await?;
        let client = nats::connect(&servers.nats_url()).await?;
        client.flush().await?;
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        Ok(Self {
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: available_parallelism().map_or(0, Into::into),
            memory_gib: memory_gib(&read("/proc/meminfo")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            postgres: postgres.split(' ').next().unwrap_or_default().to_owned(),
            nats: client.server_info().version,
            commit: commit(),
            date: Utc::now().format("%Y-%m-%d").to_string(),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory_gib, kernel, postgres, nats, commit, date, load } = self;
        write!(
            f,
            "{cpu}, {cores} cores, {memory_gib} GiB, Linux {kernel}; PostgreSQL {postgres}, nats-server {nats}; \
             commit {commit}; {date}, load before the run {load}"
        )
    }
}

/// The value of the first line `<name> : <value>`.
fn field(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// Rounded, since the kernel keeps a little for itself.
fn memory_gib(meminfo: &str) -> u64 {
    let kib = field(meminfo, "MemTotal").and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
    (kib.unwrap_or(0) + (1 << 19)) >> 20
}

/// The commit of the checkout, and whether it was changed since.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".into() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => commit + " with changes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_kernels_tables() {
        let text = "processor\t: 0\nmodel name\t: A CPU: model 7\nmodel name\t: other\n";
        assert_eq!(field(text, "model name").unwrap(), "A CPU: model 7");
        assert_eq!(field(text, "flags"), None);
    }

    #[test]
    fn memory_is_rounded_to_gibibytes() {
        assert_eq!(memory_gib("MemTotal:       24560000 kB\nMemFree: 1 kB"), 23);
        assert_eq!(memory_gib("MemTotal:       16384000 kB"), 16);
        assert_eq!(memory_gib(""), 0);
    }
}
