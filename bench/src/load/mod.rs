//! Load on an HTTP server, by a process of its own: what clients cost then counts alike for both sides.

mod abuse;
mod fixed_rate;
mod flat_out;
mod listed;
mod paced;

use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// What the process is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Load {
    /// Each connection sends the next request as soon as it has the answer to the one before.
    FlatOut(FlatOut),
    /// Requests of which each is sent once, as soon as a connection has the answer to its one before.
    Listed(Listed),
    /// Commands at a fixed rate, and reads of what some of them wrote.
    FixedRate(FixedRate),
    /// Requests at a fixed rate.
    Paced(Paced),
    /// Whatever a server has to bear.
    Abuse(Abuse),
}

/// Each connection sends the next request as soon as it has the answer to the one before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlatOut {
    /// `host:port` of the server.
    pub address: String,
    /// Keep-alive connections.
    pub connections: usize,
    pub milliseconds: u64,
    /// The request as it is sent.
    pub request: String,
    /// A part of the request's target that is spelled in another way each time, from this number on, so that no kept
    /// answer is found for it.
    pub spelled: Option<(String, u64)>,
    /// What answers say of themselves if they say it: `hit` if they were kept, `miss` if they were made.
    pub cache: Option<String>,
}

/// Requests of which each is sent once, as soon as a connection has the answer to its one before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    pub address: String,
    /// Keep-alive connections.
    pub connections: usize,
    pub requests: Vec<String>,
}

/// Commands at a fixed rate, whether or not answers are late, and reads of what some of them wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixedRate {
    pub address: String,
    pub connections: usize,
    pub milliseconds: u64,
    /// Commands per second, all connections together.
    pub per_second: u32,
    /// The command, as it is sent.
    pub command: String,
    /// The read of what it wrote: `{id}` stands for the id and `{position}` for the position of the command's answer.
    pub read: String,
    /// One command in so many is followed by the read.
    pub read_each: u32,
}

/// Requests at a fixed rate, whether or not answers are late.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paced {
    pub address: String,
    pub connections: usize,
    pub milliseconds: u64,
    /// Requests per second, all connections together.
    pub per_second: u32,
    pub request: String,
    /// As in [`FlatOut`].
    pub spelled: Option<(String, u64)>,
}

/// Clients that mean no good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Abuse {
    pub address: String,
    pub milliseconds: u64,
    /// Beginnings of requests that go on byte by byte and never end, and how many connections send one.
    pub slow: Vec<String>,
    pub slow_connections: usize,
    /// Requests that are refused, each with the status that is right, and how many are sent per second.
    pub refused: Vec<(String, u16)>,
    pub per_second: u32,
    /// A request for much, and how many connections take the answer sip by sip.
    pub read: String,
    pub readers: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// Requests that were answered as they should be.
    pub done: u64,
    pub seconds: f64,
    /// Answers that came from where they should not.
    pub contrary: u64,
    /// Milliseconds from the answer of a command until what it wrote was read, one for each read.
    pub visible_after: Vec<f64>,
    /// Milliseconds from when a request was due until it was answered, one for each.
    pub answered_after: Vec<f64>,
    /// How late the last request was sent, in milliseconds: much of it means that the rate was not reached.
    pub late: f64,
}

impl Load {
    /// Has a process of this program do it.
    pub async fn run(&self) -> anyhow::Result<Done> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().context("no pipe to the clients")?;
        stdin.write_all(&serde_json::to_vec(self)?).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            bail!("the clients ended with {}", output.status);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl FlatOut {
    /// Successful requests per second.
    pub async fn rate(self) -> anyhow::Result<f64> {
        let Done { done, seconds, contrary, .. } = Load::FlatOut(self).run().await?;
        if contrary * 100 > done {
            bail!("{contrary} of {done} answers were not made in the way that is measured");
        }
        Ok(crate::statistics::rate(done, seconds))
    }
}

/// The process itself: reads what to do from its input, and writes what came of it to its output.
pub fn main() -> anyhow::Result<()> {
    let load: Load = serde_json::from_reader(std::io::stdin().lock())?;
    // One thread: it has only to write and read, and must not take both cores from the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match load {
            Load::FlatOut(load) => flat_out::run(load).await,
            Load::Listed(load) => listed::run(load).await,
            Load::FixedRate(load) => fixed_rate::run(load).await,
            Load::Paced(load) => paced::run(load).await,
            Load::Abuse(load) => abuse::run(load).await,
        }
    })?;
    serde_json::to_writer(std::io::stdout().lock(), &done)?;
    Ok(())
}

/// Anything but success would make the figures meaningless.
fn check(status: u16) -> anyhow::Result<()> {
    if (200..300).contains(&status) { Ok(()) } else { bail!("a request was answered with {status}") }
}
