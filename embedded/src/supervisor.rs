//! One server under the shell that ends it when we end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;

const SCRIPT: &str = include_str!("supervise.sh");
/// How often a state that nobody announces (a process ended, a server is ready) is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(5);
/// A clean stop flushes everything to disk, which can take long on a slow one.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to run, and how.
pub(crate) struct Plan {
    pub command: Vec<OsString>,
    pub dir: PathBuf,
    pub log: PathBuf,
    /// The name of the signal that stops the server cleanly.
    pub stop: &'static str,
}

/// A running server. Dropping it stops the server too, without waiting for that.
pub(crate) struct Supervisor {
    shell: Child,
    orders: Option<ChildStdin>,
    stop: &'static str,
}

impl Supervisor {
    /// Starts the server; `held` stays open until it is gone.
    pub fn start(plan: Plan, account: &Account, held: &File) -> io::Result<Supervisor> {
        let mut shell = account
            .command("sh")
            .args(["-c", &script(), "crm-supervise"])
            .arg(&plan.log)
            .arg(plan.stop)
            .args(&plan.command)
            .current_dir(&plan.dir)
            // Ctrl-C in a terminal goes to a whole process group; these servers stop when we say so.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(held.try_clone()?)
            .stderr(Stdio::null())
            .spawn()?;
        let orders = shell.stdin.take();
        Ok(Supervisor { shell, orders, stop: plan.stop })
    }

    /// How the server ended, if it did.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.shell.try_wait()
    }

    /// Stops the server cleanly, and with force if that takes over a minute. Returns when it is gone.
    pub fn stop(&mut self) -> io::Result<()> {
        self.end(self.stop)
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&mut self) -> io::Result<()> {
        self.end("KILL")
    }

    fn end(&mut self, signal: &str) -> io::Result<()> {
        self.order(signal);
        if !self.wait_for_end(PATIENCE)? {
            self.order("KILL");
            self.wait_for_end(PATIENCE)?;
        }
        self.orders = None;
        Ok(())
    }

    /// A pipe that nobody reads any more means that the server has ended, which is what every order is for.
    fn order(&mut self, signal: &str) {
        if let Some(pipe) = &mut self.orders {
            let _ = writeln!(pipe, "{signal}");
        }
    }

    fn wait_for_end(&mut self, patience: Duration) -> io::Result<bool> {
        wait_until(patience, || Ok(self.ended()?.is_some()))
    }
}

/// Without its comments, since a list of processes shows all of it.
fn script() -> String {
    let lines: Vec<&str> = SCRIPT.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    lines.join("\n").trim().to_owned()
}

/// Looks until `condition` holds (`true`) or the time is up (`false`).
pub(crate) fn wait_until<E>(
    patience: Duration,
    mut condition: impl FnMut() -> Result<bool, E>,
) -> Result<bool, E> {
    let deadline = Instant::now() + patience;
    while !condition()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
    Ok(true)
}
