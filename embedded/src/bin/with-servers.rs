//! Runs a command with a PostgreSQL and a nats-server for its tests, and stops them when it has ended.
//!
//! ```text
//! with-servers cargo test --workspace
//! ```
//! The servers' files lie in a temporary folder. Ctrl-C and SIGTERM reach the command, which decides what to do.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use embedded::{Error, testing};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command: Vec<OsString> = env::args_os().skip(1).collect();
    if command.is_empty() {
        eprintln!("with-servers: say what to run, as in `with-servers cargo test`");
        return ExitCode::from(2);
    }
    run(&command).await.unwrap_or_else(|error| {
        eprintln!("with-servers: {}", error.with_causes());
        ExitCode::FAILURE
    })
}

async fn run(command: &[OsString]) -> Result<ExitCode, Error> {
    let failed = |action| move |source| Error::System { action, source };
    // From here on these signals do not end this process, which has servers to stop.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("listen for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("listen for signals"))?;

    let servers = testing::start()?;
    let mut child = Command::new(&command[0]);
    // What `cargo run` told us about this package is not for the command: a cargo in there would take it for a change
    // of its own surroundings and build half of everything again.
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST"))
        {
            child.env_remove(name);
        }
    }
    let mut child = child
        .args(&command[1..])
        .env(testing::DATABASE_URL, servers.database_url())
        .env(testing::NATS_URL, servers.nats_url())
        .spawn()
        .map_err(failed("run the command"))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(failed("wait for the command"))?,
            // A terminal sends this to the command as well.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => pass_on(&child),
        }
    };
    servers.stop().await?;
    Ok(exit_code(status))
}

fn pass_on(child: &Child) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It fails only if the command has ended, which `wait` is about to tell.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// As a shell does: the command's own code, or 128 and the number of the signal that ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
