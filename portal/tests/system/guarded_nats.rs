//! A nats-server with the users and permissions of `deploy/nats/users.conf`.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use embedded::testing::TestAuthority;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// A server for one test. It ends with the value.
pub struct GuardedNats {
    _server: Child,
    scheme: &'static str,
    port: u16,
    dir: PathBuf,
}

const PASSWORD: &str = "correct-horse";

impl GuardedNats {
    /// Starts a server; clients wait until it is there.
    pub fn start() -> Self {
        Self::with("nats", "")
    }

    /// The same by TLS, with a certificate of this authority.
    pub fn start_by_tls(authority: &TestAuthority) -> Self {
        let (certificate, key) = authority.issue("127.0.0.1");
        Self::with("tls", &format!("tls {{ cert_file: {certificate:?}, key_file: {key:?} }}\n"))
    }

    fn with(scheme: &'static str, more: &str) -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let dir = std::env::temp_dir().join(format!("nats-{}", Uuid::now_v7()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::copy(checkout.join("deploy/nats/users.conf"), dir.join("users.conf")).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let store = dir.join("store");
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?} }}\ninclude users.conf\n{more}"
        );
        std::fs::write(dir.join("nats.conf"), config).unwrap();
        let mut server = Command::new(checkout.join(".tools/bin/nats-server"));
        server.arg("-c").arg(dir.join("nats.conf"));
        for user in ["COMMAND_API", "QUERY_API", "PROJECTOR", "OPERATOR"] {
            server.env(format!("{user}_NATS_PASSWORD"), PASSWORD);
        }
        let server = server.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        Self { _server: server, scheme, port, dir }
    }

    /// Where a user connects.
    pub fn url(&self, user: &str) -> String {
        format!("{}://{user}:{PASSWORD}@127.0.0.1:{}", self.scheme, self.port)
    }

    /// Where nobody does.
    pub fn url_without_a_user(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }
}

impl Drop for GuardedNats {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.dir);
    }
}
