//! A real SMTP server, for tests of what sends mail.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::find_tools;

/// How long a mail may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// An SMTP server on this machine, which ends when it is dropped. It tells `busy@…` to come back, once, and refuses `refused@…`.
#[derive(Debug)]
pub struct TestSmtp {
    port: u16,
    mails: Lines<BufReader<ChildStdout>>,
    _input: ChildStdin,
    _child: Child,
}

/// A mail as the server took it.
#[derive(Clone, Debug, Deserialize)]
pub struct TestMail {
    /// Who sends it, as the envelope says.
    pub from: String,
    /// Who gets it, as the envelope says.
    pub to: Vec<String>,
    /// What it says, decoded.
    pub text: String,
    headers: Vec<(String, String)>,
}

/// Starts an SMTP server.
///
/// # Panics
/// If it does not start.
pub async fn smtp() -> TestSmtp {
    smtp_on(0).await
}

/// Starts an SMTP server on a port.
///
/// # Panics
/// If it does not start.
pub async fn smtp_on(port: u16) -> TestSmtp {
    let tools = find_tools().unwrap_or_else(|error| panic!("{}", error.with_causes()));
    let mut child = Command::new("python3")
        .args(["-c", include_str!("smtp.py"), &port.to_string()])
        .env("PYTHONPATH", tools)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python3 starts");
    let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut mails = BufReader::new(output).lines();
    let first =
        mails.next_line().await.expect("a line").expect("the SMTP server starts; `make tools` installs it");
    TestSmtp { port: first.parse().expect("a port"), mails, _input: input, _child: child }
}

/// A port that nobody listens on.
///
/// # Panics
/// If there is none.
pub fn unused_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

impl TestSmtp {
    /// Where it listens.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The same as an address.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The next mail.
    ///
    /// # Panics
    /// If none comes in time.
    pub async fn next(&mut self) -> TestMail {
        let line = tokio::time::timeout(PATIENCE, self.mails.next_line()).await.expect("a mail in time");
        let line = line.expect("a line").expect("the server goes on");
        serde_json::from_str(&line).expect("a mail")
    }

    /// How many mails have come that nobody has asked for yet. The server answers after it has told of a mail.
    pub async fn left(&mut self) -> usize {
        let mut count = 0;
        while let Ok(Ok(Some(_))) =
            tokio::time::timeout(Duration::from_millis(200), self.mails.next_line()).await
        {
            count += 1;
        }
        count
    }
}

impl TestMail {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The token of the link in it.
    ///
    /// # Panics
    /// If there is none.
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once("token=").unwrap_or_else(|| panic!("no link: {}", self.text));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}
