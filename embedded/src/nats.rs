//! The nats-server.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use crate::launch::{Program, Server};
use crate::orphan;
use crate::site::Site;
use crate::{Config, Error};

/// A running nats-server with JetStream. Dropping it stops the server.
pub struct Nats(Server<Broker>);

/// The files of the server.
struct Broker {
    config: PathBuf,
    pid_file: PathBuf,
    store: PathBuf,
    /// Unlike any other server's, so that we know it when it answers.
    name: String,
}

impl Nats {
    /// Starts a server alone in a folder, with the streams of the last run, and returns when it takes connections. This
    /// blocks meanwhile.
    ///
    /// # Errors
    /// As [`Embedded::start`](crate::Embedded::start).
    pub fn open(config: &Config) -> Result<Nats, Error> {
        Nats::start(Arc::new(Site::open(&config.tools, &config.dir)?))
    }

    pub(crate) fn start(site: Arc<Site>) -> Result<Nats, Error> {
        let broker = Broker {
            config: site.dir.join("nats.conf"),
            pid_file: site.dir.join("nats.pid"),
            store: site.dir.join("nats"),
            name: String::new(),
        };
        orphan::stop(&broker.pid_file, &broker.config, "nats-server", Signal::TERM)?;
        Ok(Nats(Server::start(site, broker)?))
    }

    /// Where the server is: `nats://crm:<password>@127.0.0.1:<port>`; for tests without user and password, since
    /// async-nats does not take them from a URL (whoever connects has to pass them as options).
    pub fn url(&self) -> String {
        let login =
            if self.0.site().throwaway { String::new() } else { format!("crm:{}@", self.0.site().password) };
        format!("nats://{login}127.0.0.1:{}", self.0.port)
    }

    /// The folder in which JetStream keeps its streams; it may be deleted while the server is stopped, or runs.
    pub fn store_dir(&self) -> PathBuf {
        self.0.site().dir.join("nats")
    }

    /// The number of the server's process, while it runs.
    pub fn pid(&self) -> Option<i32> {
        orphan::named_in(&self.0.site().dir.join("nats.pid"))
    }

    /// Stops the server cleanly, and returns when it is gone.
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

    /// Stops the server if it runs, and starts it again with the same store and the same URL.
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

impl Program for Broker {
    const NAME: &'static str = "nats-server";
    const LOG: &'static str = "nats.log";
    const STOP: &'static str = "TERM";

    fn prepare(&mut self, site: &Site, port: u16) -> Result<Vec<OsString>, Error> {
        self.name = format!("crm-{:016x}", rand::random::<u64>());
        let authorization = if site.throwaway {
            String::new()
        } else {
            format!("authorization {{ user: crm, password: \"{}\" }}\n", site.password)
        };
        // The store is synced at the server's own pace: what NATS loses, the relay publishes again from the log.
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\n\
             server_name: \"{name}\"\n\
             pid_file: {pid_file}\n\
             {authorization}\
             jetstream {{ store_dir: {store} }}\n",
            name = self.name,
            pid_file = quoted(&self.pid_file),
            store = quoted(&self.store),
        );
        site.write_private(&self.config, &config)?;
        Ok(vec![site.tools.nats_server.clone().into(), "-c".into(), self.config.clone().into()])
    }

    fn ready(&self, _: &Site, port: u16) -> bool {
        greeting(port).is_some_and(|line| line.contains(&self.name))
    }

    fn passes(_: &str) -> bool {
        false
    }
}

/// The line that a nats-server sends to everyone who connects.
fn greeting(port: u16) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let connection = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    let mut line = String::new();
    BufReader::new(connection.take(8192)).read_line(&mut line).ok()?;
    Some(line)
}

/// A path as a string of the configuration language.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}
