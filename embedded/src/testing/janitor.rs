//! Who removes a temporary folder when nobody else is left.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that removes a folder as soon as no process holds its pipe any more: neither we nor a supervisor.
pub(crate) struct Janitor {
    pipe: Option<File>,
    shell: Child,
}

impl Janitor {
    pub fn hire(dir: &Path) -> io::Result<Janitor> {
        let mut shell = Command::new("sh")
            .args(["-c", "while read -r _; do :; done; rm -rf -- \"$1\"", "crm-janitor"])
            .arg(dir)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = shell.stdin.take().map(|pipe| File::from(OwnedFd::from(pipe)));
        Ok(Janitor { pipe, shell })
    }

    pub fn file(&self) -> io::Result<&File> {
        self.pipe.as_ref().ok_or_else(|| io::Error::other("the pipe is closed"))
    }
}

impl Drop for Janitor {
    /// Waits, so that the folder is gone when a test run returns.
    fn drop(&mut self) {
        self.pipe = None;
        let _ = self.shell.wait();
    }
}
