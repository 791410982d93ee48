//! Starting a server until it is ready, on a port that nobody else has.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::Error;
use crate::site::Site;
use crate::supervisor::{POLL, Plan, Supervisor};

const ATTEMPTS: usize = 10;
/// PostgreSQL replays its log after a crash before it is ready.
const PATIENCE: Duration = Duration::from_secs(120);
/// A log that has grown past this is set aside at the next start.
const LOG_BYTES: u64 = 16 * 1024 * 1024;

/// What differs between the servers.
pub(crate) trait Program {
    const NAME: &'static str;
    const LOG: &'static str;
    /// The signal that stops it cleanly.
    const STOP: &'static str;

    /// Called before each start: writes what the server needs, and says how to run it on `port`.
    fn prepare(&mut self, site: &Site, port: u16) -> Result<Vec<OsString>, Error>;
    /// Whether the server that was started last takes connections on `port`.
    fn ready(&self, site: &Site, port: u16) -> bool;
    /// Whether a failure that the log tells of goes away by itself.
    fn passes(log: &str) -> bool;
}

/// A server that runs, or was stopped and can be started again on the same port.
pub(crate) struct Server<P> {
    program: P,
    // Dropped before the site, which waits for the servers of a temporary folder.
    supervisor: Supervisor,
    site: Arc<Site>,
    pub port: u16,
    /// Where in the log file this run begins.
    log_start: u64,
}

impl<P: Program> Server<P> {
    pub fn start(site: Arc<Site>, mut program: P) -> Result<Server<P>, Error> {
        let started = Instant::now();
        let (supervisor, port, log_start) = launch(&site, &mut program, None)?;
        let took = started.elapsed().as_millis();
        tracing::info!("{} on 127.0.0.1:{port} after {took} ms, in {}", P::NAME, site.dir.display());
        Ok(Server { program, site, supervisor, port, log_start })
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    pub fn stop(&mut self) -> Result<(), Error> {
        self.supervisor.stop().map_err(Error::system("wait for a server to end"))
    }

    pub fn kill(&mut self) -> Result<(), Error> {
        self.supervisor.kill().map_err(Error::system("wait for a server to end"))
    }

    /// Starts the server again, on the same port and files.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        (self.supervisor, _, self.log_start) = launch(&self.site, &mut self.program, Some(self.port))?;
        Ok(())
    }

    /// The error that tells of the server's end, if it has ended.
    pub fn died(&mut self) -> Option<Error> {
        let running = matches!(self.supervisor.ended(), Ok(None));
        let log = log_file::<P>(&self.site);
        (!running).then(|| Error::Died { program: P::NAME, tail: tail(&log_text(&log, self.log_start)), log })
    }
}

fn log_file<P: Program>(site: &Site) -> PathBuf {
    site.dir.join(P::LOG)
}

fn launch<P: Program>(
    site: &Site,
    program: &mut P,
    fixed: Option<u16>,
) -> Result<(Supervisor, u16, u64), Error> {
    let log = log_file::<P>(site);
    if fs::metadata(&log).is_ok_and(|file| file.len() > LOG_BYTES) {
        fs::rename(&log, log.with_extension("log.old")).map_err(Error::unwritable(&log))?;
    }
    for attempt in 1.. {
        let port = fixed.map_or_else(free_port, Ok)?;
        let log_start = fs::metadata(&log).map_or(0, |file| file.len());
        let plan = Plan {
            command: program.prepare(site, port)?,
            dir: site.dir.clone(),
            log: log.clone(),
            stop: P::STOP,
        };
        let held = site.held().map_err(Error::system("hold the folder"))?;
        let mut supervisor =
            Supervisor::start(plan, &site.account, held).map_err(Error::system("start a shell"))?;
        if wait_ready(&mut supervisor, || program.ready(site, port))? {
            return Ok((supervisor, port, log_start));
        }
        supervisor.stop().map_err(Error::system("wait for a server to end"))?;
        let text = log_text(&log, log_start);
        // The port was free when we chose it; someone can have taken it since.
        let worth_another = !is_free(port) || P::passes(&text);
        if attempt == ATTEMPTS || !worth_another {
            return Err(Error::NotStarted { program: P::NAME, log, tail: tail(&text) });
        }
        thread::sleep(Duration::from_millis(200));
    }
    unreachable!("the last attempt returns")
}

/// Whether the server became ready; not if it ended before, or took far too long.
fn wait_ready(supervisor: &mut Supervisor, ready: impl Fn() -> bool) -> Result<bool, Error> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if supervisor.ended().map_err(Error::system("look after a server"))?.is_some() {
            return Ok(false);
        }
        if ready() {
            return Ok(true);
        }
        thread::sleep(POLL);
    }
    Ok(false)
}

/// A port that nobody listens on. It is below those that systems give to outgoing connections (32768 and up on Linux,
/// 49152 on macOS), so that none of these takes it before the server does, or while a server restarts.
fn free_port() -> Result<u16, Error> {
    let mut candidates = (0..1000).map(|_| rand::random_range(20_000..30_000));
    let none = || std::io::Error::other("no port between 20000 and 30000 is free on 127.0.0.1");
    candidates
        .find(|port| is_free(*port))
        .ok_or_else(|| Error::System { action: "find a port", source: none() })
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn log_text(log: &Path, start: u64) -> String {
    let read = || {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// The last lines of a log.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(6)..];
    if last.is_empty() {
        "  (nothing)".to_owned()
    } else {
        last.iter().map(|l| format!("  {l}")).collect::<Vec<_>>().join("\n")
    }
}
