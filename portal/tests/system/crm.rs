//! A `crm` process and a client of it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use edge::{Identity, Role, SigningKey, TenantId, TokenSettings};
use embedded::testing::{self, TestDatabase};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use uuid::Uuid;

/// A database, names on NATS and a token; processes come and go.
pub struct Site {
    pub database: TestDatabase,
    pub nats_url: String,
    pub nats_root: String,
    pub tenant: TenantId,
    pub token: String,
    private_key: PathBuf,
    pub collector: Option<String>,
    /// Whose word processes take.
    pub authority: Option<PathBuf>,
    pub client: Client,
}

impl Site {
    pub async fn new() -> Self {
        let nats = testing::nats();
        Self::with_nats(nats.url, nats.stream).await
    }

    pub async fn with_nats(nats_url: String, nats_root: String) -> Self {
        let database = testing::database().await;
        let key = SigningKey::generate().unwrap();
        let private_key = std::env::temp_dir().join(format!("{}.pem", database.name()));
        std::fs::write(&private_key, key.to_pem().unwrap()).unwrap();
        let tenant = TenantId::from_uuid(Uuid::now_v7());
        let identity = Identity::new("test", tenant, vec![Role::Admin]);
        let token = key.mint(&TokenSettings::default(), &identity, Duration::from_secs(3600)).unwrap();
        let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self {
            database,
            nats_url,
            nats_root,
            tenant,
            token,
            private_key,
            collector: None,
            authority: None,
            client,
        }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
        command
            .args(arguments)
            .env("DATABASE_URL", self.database.url())
            .env("NATS_URL", &self.nats_url)
            .env("CRM_NATS_ROOT", &self.nats_root)
            .env("CRM_TOKEN_PRIVATE_KEY", &self.private_key)
            .env("CRM_MASTER_KEY", event_store::fixtures::MASTER_KEY)
            .env("CRM_MAIL_DIR", self.mail_dir())
            .env("CRM_SIGN_UP", "1")
            // As fast as the machine is, tests may be.
            .env("CRM_COMMANDS_PER_USER", "0")
            .env("CRM_COMMANDS_PER_TENANT", "0")
            .env_remove("CRM_PUBLIC_URL")
            .env_remove("SMTP_URL")
            .env_remove("CRM_OIDC_ORIGINS")
            .env_remove("CRM_LISTEN")
            .env_remove("CRM_LEAKED_PASSWORDS")
            .env_remove("CRM_TLS_CERT")
            .env_remove("CRM_TLS_KEY")
            .env_remove("CRM_CA_FILE")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(collector) = &self.collector {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        }
        if let Some(authority) = &self.authority {
            command.env("CRM_CA_FILE", authority);
        }
        command
    }

    /// Where mails are put.
    pub fn mail_dir(&self) -> PathBuf {
        self.private_key.with_extension("mail")
    }

    /// Starts `crm serve` and waits until it listens.
    pub async fn serve(&self) -> Crm {
        self.start(&["serve", "--listen", "127.0.0.1:0"]).await
    }

    /// Starts a service and waits for its first line.
    pub async fn start(&self, arguments: &[&str]) -> Crm {
        Crm::of(self.command(arguments)).await
    }

    /// Status and body of an answer.
    pub async fn get(&self, url: &str) -> (u16, String) {
        let answer = self.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The exit code of `crm status --once`, and what it prints.
    pub async fn status(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = self.command(&["status", "--once", "--every", "0.1"]);
        let output = command.args(arguments).output().await.unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text)
    }

    /// What a command of the binary prints, and whether it succeeded.
    pub async fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().await.unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    /// What tokens are signed with, as PEM text.
    pub fn private_key(&self) -> String {
        std::fs::read_to_string(&self.private_key).unwrap()
    }

    pub fn pool(&self) -> PgPool {
        self.database.pool()
    }

    /// Opens a deal under a key; `None` if no answer came.
    pub async fn open(&self, crm: &Crm, key: &str) -> Option<Opened> {
        self.open_with(crm, key, &[]).await
    }

    /// The same, with headers.
    pub async fn open_with(&self, crm: &Crm, key: &str, headers: &[(&str, &str)]) -> Option<Opened> {
        let mut request = self
            .client
            .post(format!("{}/opportunities", crm.api))
            .bearer_auth(&self.token)
            .header("Idempotency-Key", key)
            .json(&json!({"name": key, "amount": {"amount": "100.00", "currency": "EUR"}}));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.ok()?;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
        let position = answer.headers().get("x-position")?.to_str().ok()?.parse().ok()?;
        let body: Value = answer.json().await.ok()?;
        Some(Opened { id: body["data"]["id"].as_str()?.to_owned(), position })
    }

    /// Reads, waiting for a position.
    pub async fn read(&self, crm: &Crm, path: &str, position: i64) -> Value {
        let request = self
            .client
            .get(format!("{}{path}", crm.api))
            .bearer_auth(&self.token)
            .header("X-Min-Position", position.to_string());
        request.send().await.unwrap().json().await.unwrap()
    }

    /// `crm verify` finds nothing wrong.
    pub async fn assert_verified(&self) {
        let (sound, text) = self.run(&["verify"]).await;
        assert!(sound, "{text}");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.private_key);
        let _gone = std::fs::remove_dir_all(self.mail_dir());
    }
}

/// A deal that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub id: String,
    pub position: i64,
}

/// A running service.
pub struct Crm {
    pub child: Child,
    pub api: String,
    /// Where it listens, if it does.
    pub address: String,
    /// Where it tells operators how it is, if it does.
    pub operators: Option<String>,
}

impl Crm {
    /// Starts a service and waits for its first line.
    pub async fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self::listening(child, &mut lines).await
    }

    /// The process once it has printed its first line; the line before it may tell where operators are served.
    pub async fn listening(child: Child, lines: &mut Lines<BufReader<ChildStdout>>) -> Self {
        let mut operators = None;
        loop {
            let next = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.unwrap();
            let line = next.unwrap().expect("crm ended instead of serving");
            let last = line.rsplit(' ').next().unwrap_or_default();
            let address = last.starts_with("http").then(|| last.to_owned());
            if line.starts_with("crm tells operators") {
                operators = address;
            } else {
                let address = address.unwrap_or_default();
                return Self { child, api: format!("{address}/api/v1"), address, operators };
            }
        }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id().unwrap()).unwrap()
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal by its name, such as `STOP`.
    pub async fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().await.unwrap();
        assert!(sent.success());
    }
}
