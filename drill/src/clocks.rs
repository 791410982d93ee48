//! Wall clocks of single processes, set ahead or back while they run.
//!
//! Done by a library of a few lines in C, loaded before that of the system: it answers for the wall clock and for nothing
//! else. So it reaches every program that asks the system's C library for the time, and none that asks the kernel itself, as
//! programs in Go do.

use std::ffi::OsString;
use std::fs::{OpenOptions, Permissions, set_permissions, write};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use chrono::Utc;
use tempfile::TempDir;

const SOURCE: &str = include_str!("clocks.c");
/// Seconds of the trial, and by how much it may miss them.
const TRIAL: (i64, i64) = (86_400, 60);

/// The clocks, one for each name that was asked for.
pub struct Clocks {
    folder: TempDir,
}

impl Clocks {
    /// Compiles the library and tries whether it moves a clock.
    ///
    /// # Errors
    /// It cannot be compiled, or moves none.
    pub fn make() -> anyhow::Result<Self> {
        ensure!(
            cfg!(all(target_os = "linux", target_pointer_width = "64")),
            "needs Linux on 64 bits, to put a clock before that of the C library"
        );
        // Not in memory: programs and libraries must often not lie there.
        let folder = tempfile::Builder::new().prefix("crm-drill-clocks-").tempdir()?;
        // Root runs PostgreSQL as an ordinary user, who reads it too.
        set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let clocks = Self { folder };
        let source = clocks.folder.path().join("clocks.c");
        write(&source, SOURCE)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-std=gnu11", "-O2", "-shared", "-fPIC", "-o"]).arg(clocks.library()).arg(&source);
        let output = compiler.output().context("needs a C compiler by the name of cc")?;
        ensure!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr).trim());
        clocks.try_out()?;
        Ok(clocks)
    }

    fn try_out(&self) -> anyhow::Result<()> {
        let environment = self.environment("trial")?;
        self.set("trial", TRIAL.0)?;
        let output = Command::new("date").arg("+%s").envs(environment).output().context("cannot run date")?;
        let told: i64 =
            String::from_utf8_lossy(&output.stdout).trim().parse().context("date tells no time")?;
        let off = told - Utc::now().timestamp();
        ensure!((off - TRIAL.0).abs() < TRIAL.1, "the clock of a process cannot be set here");
        Ok(())
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("clocks.so")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The environment of a process that goes by the clock of this name, which shows the true time until it is set.
    ///
    /// # Errors
    /// The file of the clock cannot be written.
    pub fn environment(&self, name: &str) -> anyhow::Result<[(String, String); 2]> {
        self.set(name, 0)?;
        Ok([
            ("LD_PRELOAD".to_owned(), self.library().display().to_string()),
            ("DRILL_CLOCK".to_owned(), self.file(name).display().to_string()),
        ])
    }

    /// The same as a command line that begins another one.
    ///
    /// # Errors
    /// Those of [`Clocks::environment`].
    pub fn launcher(&self, name: &str) -> anyhow::Result<Vec<OsString>> {
        let variables =
            self.environment(name)?.map(|(name, value)| OsString::from(format!("{name}={value}")));
        Ok(std::iter::once("env".into()).chain(variables).collect())
    }

    /// Sets a clock to so many seconds after the true time, for all processes that go by it and from now on.
    ///
    /// # Errors
    /// The file of the clock cannot be written.
    pub fn set(&self, name: &str, seconds: i64) -> anyhow::Result<()> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.file(name))?;
        Ok(file.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }
}
