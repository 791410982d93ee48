//! The PostgreSQL server.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use rustix::process::Signal;

use crate::launch::{Program, Server};
use crate::orphan;
use crate::site::Site;
use crate::tools::last_line;
use crate::{Config, Error};

/// A running PostgreSQL with a database `crm` and its owner, the superuser `crm`. Dropping it stops the server.
pub struct Postgres(Server<Cluster>);

/// The files of the server.
struct Cluster {
    data: PathBuf,
    /// What starts the server in its place, and gives way to it, such as `env` with variables.
    launcher: Vec<OsString>,
    /// `postmaster.pid` as it was before the start, if an earlier server was killed.
    stale: Option<String>,
}

impl Postgres {
    /// Starts a server alone in a folder, with the data of the last run, and returns when it takes connections. This
    /// blocks meanwhile.
    ///
    /// # Errors
    /// As [`Embedded::start`](crate::Embedded::start).
    pub fn open(config: &Config) -> Result<Postgres, Error> {
        Postgres::open_through(config, Vec::new())
    }

    /// The same, with the server's command line behind another one that ends by carrying it out, such as `env NAME=value`.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub fn open_through(config: &Config, launcher: Vec<OsString>) -> Result<Postgres, Error> {
        Postgres::launch(Arc::new(Site::open(&config.tools, &config.dir)?), launcher)
    }

    pub(crate) fn start(site: Arc<Site>) -> Result<Postgres, Error> {
        Postgres::launch(site, Vec::new())
    }

    fn launch(site: Arc<Site>, launcher: Vec<OsString>) -> Result<Postgres, Error> {
        let data = site.dir.join("postgres");
        orphan::stop(&data.join("postmaster.pid"), &data, "PostgreSQL", Signal::INT)?;
        if !data.exists() {
            create(&site, &data)?;
        }
        Ok(Postgres(Server::start(site, Cluster { data, launcher, stale: None })?))
    }

    /// Where the database `crm` is: `postgresql://crm:<password>@127.0.0.1:<port>/crm`.
    pub fn url(&self) -> String {
        format!("postgresql://crm:{}@127.0.0.1:{}/crm", self.0.site().password, self.0.port)
    }

    /// The folder of the data; it may be changed while the server is stopped.
    pub fn data_dir(&self) -> PathBuf {
        self.0.site().dir.join("postgres")
    }

    /// The number of the server's first process, while it runs.
    pub fn pid(&self) -> Option<i32> {
        orphan::named_in(&self.data_dir().join("postmaster.pid"))
    }

    /// Ends all sessions, writes everything to disk, and returns when the server is gone.
    ///
    /// # Errors
    /// If the system does not let us wait for the server.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.0.stop()
    }

    /// Ends the server as a crash would.
    ///
    /// # Errors
    /// If the system does not let us wait for the server.
    pub fn kill(&mut self) -> Result<(), Error> {
        self.0.kill()
    }

    /// Stops the server if it runs, and starts it again with the same data and the same URL.
    ///
    /// # Errors
    /// [`Error::NotStarted`].
    pub fn restart(&mut self) -> Result<(), Error> {
        self.0.restart()
    }

    /// Whether the server has ended, by itself or because it was asked to.
    pub fn ended(&mut self) -> bool {
        self.died().is_some()
    }

    pub(crate) fn died(&mut self) -> Option<Error> {
        self.0.died()
    }
}

impl Program for Cluster {
    const NAME: &'static str = "PostgreSQL";
    const LOG: &'static str = "postgres.log";
    /// A fast shutdown: it ends the sessions instead of waiting for them.
    const STOP: &'static str = "INT";

    fn prepare(&mut self, site: &Site, port: u16) -> Result<Vec<OsString>, Error> {
        self.stale = self.pid_file();
        let mut command = self.launcher.clone();
        command.extend([site.tools.postgres.clone().into(), "-D".into(), self.data.clone().into()]);
        command.extend(["-p".into(), port.to_string().into()]);
        for setting in settings(site.throwaway) {
            command.extend(["-c".into(), setting.into()]);
        }
        Ok(command)
    }

    /// The server writes its port and state into `postmaster.pid`, which is where `pg_ctl` looks too.
    fn ready(&self, _: &Site, port: u16) -> bool {
        let Some(text) = self.pid_file().filter(|text| Some(text) != self.stale.as_ref()) else {
            return false;
        };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.get(3) == Some(&port.to_string().as_str()) && lines.get(7) == Some(&"ready")
    }

    /// After a postmaster was killed, its last sessions take a moment to notice; the server rightly waits for them.
    fn passes(log: &str) -> bool {
        log.contains("is still in use")
    }
}

impl Cluster {
    /// The file is never removed by us, stale or not: through it the server knows of sessions that outlived a killed one.
    fn pid_file(&self) -> Option<String> {
        fs::read_to_string(self.data.join("postmaster.pid")).ok()
    }
}

fn settings(throwaway: bool) -> impl Iterator<Item = &'static str> {
    const ALWAYS: &[&str] = &[
        "listen_addresses=127.0.0.1",
        // The path of a socket may have 103 bytes, which a checkout's path alone can exceed.
        "unix_socket_directories=",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_line_prefix=%m [%p] %d ",
        "logging_collector=off",
        "jit=off",
    ];
    const SERVE: &[&str] = &["max_connections=200", "shared_buffers=256MB", "max_wal_size=2GB"];
    // Many small databases at once, thrown away within minutes.
    const TESTS: &[&str] = &[
        "max_connections=500",
        "shared_buffers=128MB",
        "fsync=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_wal_size=512MB",
        "wal_init_zero=off",
        "checkpoint_timeout=1h",
        "log_checkpoints=off",
    ];
    ALWAYS.iter().chain(if throwaway { TESTS } else { SERVE }).copied()
}

/// Makes the cluster and the database `crm`, under another name until all of it is there.
fn create(site: &Site, data: &Path) -> Result<(), Error> {
    let failed = |reason: String| Error::NoDatabase { dir: data.to_owned(), reason };
    let new = data.with_extension("new");
    if new.exists() {
        fs::remove_dir_all(&new).map_err(Error::unwritable(&new))?;
    }
    let mut initdb = site.account.command(&site.tools.initdb);
    initdb.args(["--username=crm", "--auth=scram-sha-256", "--encoding=UTF8"]);
    // The same order of text on every system, whatever locales it has.
    initdb.args(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    initdb.arg("--pgdata").arg(&new).arg("--pwfile").arg(site.password_file());
    if site.throwaway {
        initdb.arg("--no-sync");
    }
    run(initdb.current_dir(&site.dir), "").map_err(&failed)?;

    let mut single = site.account.command(&site.tools.postgres);
    single.args(["--single", "-c", "log_checkpoints=off", "-D"]).arg(&new).arg("postgres");
    let output = run(single.current_dir(&site.dir), "create database crm\n").map_err(&failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if let Some(error) = said.lines().find(|line| line.contains("ERROR")) {
        return Err(failed(error.to_owned()));
    }
    fs::rename(&new, data).map_err(Error::unwritable(data))
}

fn run(command: &mut Command, input: &str) -> Result<Output, String> {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(output) } else { Err(last_line(&output)) }
}
