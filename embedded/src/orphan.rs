//! Servers that lost their supervisor (someone killed that shell with -9): found again and stopped before new ones start.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::Error;
use crate::supervisor::wait_until;

/// Stops the process that `pid_file` names, but only if its command line names `file`, which is a path of this folder:
/// the number in a stale file may by now belong to anyone.
pub(crate) fn stop(pid_file: &Path, file: &Path, what: &str, signal: Signal) -> Result<(), Error> {
    let Some(pid) = named_in(pid_file) else { return Ok(()) };
    let named = format!(" {} ", file.display());
    let ours = || command_line(pid).is_some_and(|line| format!("{line} ").contains(&named));
    if !ours() {
        return Ok(());
    }
    tracing::warn!(pid, "stopping {what} of an earlier run");
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
    if wait_until(Duration::from_secs(60), || Ok::<_, Error>(!ours()))? {
        return Ok(());
    }
    let dir = pid_file.parent().unwrap_or(pid_file).to_owned();
    Err(Error::StillStopping { what: format!("{what} (process {pid})"), dir })
}

/// The process that a file names in its first line.
pub(crate) fn named_in(pid_file: &Path) -> Option<i32> {
    fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()
}

/// Whether a process of this number exists, whoever runs it.
pub(crate) fn alive(pid: i32) -> bool {
    let Some(pid) = Pid::from_raw(pid) else { return false };
    !matches!(test_kill_process(pid), Err(error) if error == rustix::io::Errno::SRCH)
}

/// The command line of a process; nothing if it has ended. Slim Linux images have no `ps`, macOS has no `/proc`.
fn command_line(pid: i32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_not_a_server_of_this_folder_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("postmaster.pid");
        let mut stranger =
            Command::new("sh").args(["-c", "read -r _"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        fs::write(&pid_file, format!("{}\n{}\n", stranger.id(), dir.path().display())).unwrap();

        stop(&pid_file, dir.path(), "PostgreSQL", Signal::INT).unwrap();

        assert!(stranger.try_wait().unwrap().is_none(), "the stranger was stopped");
        drop(stranger.stdin.take());
        stranger.wait().unwrap();
    }
}
