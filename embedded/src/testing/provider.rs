//! A real OpenID provider, for tests of signing in by one.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::find_tools;

/// An OpenID provider on this machine, which ends when it is dropped. Who signs in as `grace` has the address
/// `grace@engines.example`; `grace+2` is somebody else of the same address, and nobody has made sure of the address of `unverified`.
#[derive(Debug)]
pub struct TestProvider {
    port: u16,
    _input: ChildStdin,
    /// It says more, and ends if nobody hears it.
    _output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl TestProvider {
    /// What the portal is called there.
    pub const CLIENT_ID: &'static str = "crm";
    /// What the portal shows there.
    pub const CLIENT_SECRET: &'static str = "a secret of the portal at its provider";

    /// Its issuer identifier, which is also its origin.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts a provider that sends browsers back to these places.
///
/// # Panics
/// If it does not start.
pub async fn provider(places: &[String]) -> TestProvider {
    let tools = find_tools().unwrap_or_else(|error| panic!("{}", error.with_causes()));
    let library = tools.join("provider/node_modules/oidc-provider/lib/index.js");
    let mut child = Command::new("node")
        .args(["--input-type=module", "--eval", include_str!("provider.mjs"), "--"])
        .arg(library)
        .args([TestProvider::CLIENT_ID, TestProvider::CLIENT_SECRET])
        .args(places)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts; install Node.js 20 or later");
    let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut lines = BufReader::new(output).lines();
    let first = lines
        .next_line()
        .await
        .expect("a line")
        .expect("the provider starts; `make tools` installs it, with Node.js 20 or later");
    TestProvider { port: first.parse().expect("a port"), _input: input, _output: lines, _child: child }
}
