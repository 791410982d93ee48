//! A `crm` process, started again whenever it ends, as every process manager does.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How soon a process that ended is started again.
const AGAIN: Duration = Duration::from_millis(50);

/// How to start a service.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the drill calls it.
    pub name: String,
    /// The binary.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment, beside that of this process.
    pub environment: Vec<(String, String)>,
    /// Where what it says on standard error goes.
    pub log: PathBuf,
}

/// A service that runs until this is dropped.
pub struct Service {
    name: String,
    state: Arc<State>,
    keeper: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    pid: AtomicI32,
    starts: AtomicU32,
    held_back: AtomicBool,
}

impl Service {
    /// Starts it. Where it listens goes to `address`, each time anew.
    pub fn start(plan: Plan, address: watch::Sender<Option<SocketAddr>>) -> Self {
        let state = Arc::new(State::default());
        let name = plan.name.clone();
        let keeper = tokio::spawn(keep(plan, address, state.clone()));
        Self { name, state, keeper }
    }

    /// What the drill calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.state.starts.load(Ordering::Acquire)
    }

    /// Kills it; it is started again at once. Does nothing if it is down already.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills it and does not start it again before [`Service::let_start`].
    pub fn hold_down(&self) {
        self.state.held_back.store(true, Ordering::Release);
        self.kill();
    }

    /// Lets a service start that was held down.
    pub fn let_start(&self) {
        self.state.held_back.store(false, Ordering::Release);
    }

    /// Stops it where it stands, as a machine that swaps does.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        send(self.state.pid.load(Ordering::Acquire), signal);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The child dies with the task that keeps it.
        self.keeper.abort();
    }
}

/// Sends a signal to a process of ours, if there is one.
pub fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It fails if the process has ended, which is as good as what was to be done to it.
        let _gone = kill_process(pid, signal);
    }
}

async fn keep(plan: Plan, address: watch::Sender<Option<SocketAddr>>, state: Arc<State>) {
    loop {
        match spawn(&plan) {
            Ok(mut child) => {
                state.pid.store(child.id().map_or(0, u32::cast_signed), Ordering::Release);
                state.starts.fetch_add(1, Ordering::AcqRel);
                listen(&mut child, &address).await;
                let _status = child.wait().await;
                state.pid.store(0, Ordering::Release);
            }
            Err(error) => eprintln!("drill: {error:#}"),
        }
        tokio::time::sleep(AGAIN).await;
        while state.held_back.load(Ordering::Acquire) {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

fn spawn(plan: &Plan) -> anyhow::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(&plan.log)?;
    Command::new(&plan.program)
        .args(&plan.arguments)
        .env_remove("CRM_PLANTED")
        .envs(plan.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", plan.program.display()))
}

/// Tells where the service listens, until it says nothing more, which is when it ends.
async fn listen(child: &mut Child, address: &watch::Sender<Option<SocketAddr>>) {
    let Some(said) = child.stdout.take() else { return };
    let mut lines = BufReader::new(said).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(here) = line.rsplit_once("http://").and_then(|(_, here)| here.parse().ok()) {
            address.send_replace(Some(here));
        }
    }
}
