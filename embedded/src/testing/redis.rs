//! A real Redis for one test alone.

use std::env;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;
use crate::launch::{Program, Server};
use crate::orphan;
use crate::site::Site;

/// Names a `redis-server` that tests start in place of the one of `.tools`, such as Debian's `/usr/bin/redis-server`.
pub const REDIS_SERVER: &str = "CRM_TEST_REDIS_SERVER";

/// A running Redis that keeps nothing on disk. Dropping it stops the server.
pub struct TestRedis(Server<Cache>);

struct Cache {
    config: PathBuf,
    pid_file: PathBuf,
}

/// Starts a Redis for one test alone, which may kill, pause and restart it.
///
/// # Panics
/// If it does not start; `make tools` installs it.
pub fn own_redis() -> TestRedis {
    super::temporary().and_then(TestRedis::start).unwrap_or_else(|error| panic!("{}", error.with_causes()))
}

impl TestRedis {
    fn start(site: Site) -> Result<Self, Error> {
        let cache = Cache { config: site.dir.join("redis.conf"), pid_file: site.dir.join("redis.pid") };
        Ok(Self(Server::start(Arc::new(site), cache)?))
    }

    /// Where the server is, with its password.
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}", self.0.site().password, self.0.port)
    }

    /// Where it is when TLS is spoken for it at `port`.
    pub fn url_by_tls(&self, port: u16) -> String {
        format!("rediss://:{}@127.0.0.1:{port}", self.0.site().password)
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.0.port).into()
    }

    /// Ends the server as a crash would. What it counted is gone.
    ///
    /// # Panics
    /// If the system does not let us wait for the server.
    pub fn kill(&mut self) {
        self.0.kill().expect("the server ends");
    }

    /// Starts the server again on the same port, with nothing in it.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.0.restart().unwrap_or_else(|error| panic!("{}", error.with_causes()));
    }

    /// Lets the server do nothing, and keep its connections.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets the server go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// What the server answers to a command of words without spaces.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn ask(&self, command: &str) -> String {
        let lines = format!("AUTH {}\r\n{command}\r\nQUIT\r\n", self.0.site().password);
        let answer = exchange(self.0.port, &lines).expect("the server answers");
        // The first is that of AUTH, the last that of QUIT.
        let answer = answer.strip_prefix("+OK\r\n").unwrap_or(&answer);
        answer.strip_suffix("+OK\r\n").unwrap_or(answer).to_owned()
    }

    fn signal(&self, signal: Signal) {
        let pid = orphan::named_in(&self.0.site().dir.join("redis.pid")).and_then(Pid::from_raw);
        kill_process(pid.expect("the server runs"), signal).expect("the server is ours");
    }
}

impl Drop for TestRedis {
    /// One that is paused would not hear that it is to end.
    fn drop(&mut self) {
        let pid = orphan::named_in(&self.0.site().dir.join("redis.pid")).and_then(Pid::from_raw);
        if let (None, Some(pid)) = (self.0.died(), pid) {
            let _ = kill_process(pid, Signal::CONT);
        }
    }
}

impl Program for Cache {
    const NAME: &'static str = "redis-server";
    const LOG: &'static str = "redis.log";
    const STOP: &'static str = "TERM";

    fn prepare(&mut self, site: &Site, port: u16) -> Result<Vec<OsString>, Error> {
        let config = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {}\nsave \"\"\nappendonly no\ndir {}\npidfile {}\n\
             maxmemory 64mb\nmaxmemory-policy volatile-ttl\n",
            site.password,
            site.dir.display(),
            self.pid_file.display()
        );
        site.write_private(&self.config, &config)?;
        let program = env::var_os(REDIS_SERVER)
            .map_or_else(|| site.tools.root.join("bin/valkey-server"), PathBuf::from);
        Ok(vec![program.into(), self.config.clone().into()])
    }

    fn ready(&self, site: &Site, port: u16) -> bool {
        let asked = exchange(port, &format!("AUTH {}\r\nPING\r\nQUIT\r\n", site.password));
        asked.is_some_and(|answer| answer.contains("+PONG"))
    }

    fn passes(_: &str) -> bool {
        false
    }
}

/// What a server on this machine answers until it closes the connection.
fn exchange(port: u16, lines: &str) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut connection = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    connection.write_all(lines.as_bytes()).ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    Some(answer)
}
