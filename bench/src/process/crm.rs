//! A process of the `crm` program, and a token for it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use edge::{Identity, Issue, Role, SignIn, SigningKey, TenantId, TokenSettings};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::memory::Memory;
use crate::http::{Connection, request};
use crate::options::RunOptions;
use crate::servers::Place;

/// How long a process may take to say where it listens, to be ready, or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a process is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(5);
/// For how long tokens are valid.
const TOKEN_LIFE: Duration = Duration::from_secs(3 * 60 * 60);

/// A key, and a token that it signed for an administrator of a tenant.
pub struct Access {
    pub token: String,
    pub public_pem: String,
    key: SigningKey,
    tenant: TenantId,
}

impl Access {
    pub fn of(tenant: TenantId) -> anyhow::Result<Self> {
        let key = SigningKey::generate()?;
        let identity = Identity::new("kim", tenant, vec![Role::Admin]);
        let token = key.mint(&TokenSettings::default(), &identity, TOKEN_LIFE)?;
        Ok(Self { token, public_pem: key.public_pem()?, key, tenant })
    }

    /// The same rights, for a user who is signed in: a token as `POST /api/v1/sessions` gives it, that is valid for longer.
    pub fn of_a_user(&self) -> anyhow::Result<Self> {
        let identity = Identity::new(Uuid::now_v7().to_string(), self.tenant, vec![Role::Admin]);
        let issue = Issue {
            at: chrono::Utc::now().timestamp(),
            ttl: TOKEN_LIFE,
            jti: Uuid::now_v7(),
            sign_in: Some(SignIn { session: Uuid::now_v7(), rights: 1, version: 1 }),
            auth_time: None,
        };
        let token = self.key.sign(&TokenSettings::default(), &identity, issue)?;
        let (public_pem, key) = (self.public_pem.clone(), self.key.clone());
        Ok(Self { token, public_pem, key, tenant: self.tenant })
    }
}

/// A running `crm`.
pub struct Crm {
    child: Child,
    /// `host:port` where it listens.
    pub address: String,
    /// From its start until it was ready.
    pub ready_after: Duration,
}

impl Crm {
    /// Starts a role, such as `serve`, and waits until it is ready.
    pub async fn start(
        options: &RunOptions,
        role: &str,
        place: &Place,
        access: &Access,
    ) -> anyhow::Result<Self> {
        let program = program(options)?;
        let key = options.dir.join(format!("{}.pem", place.root));
        std::fs::write(&key, &access.public_pem)?;
        let begun = Instant::now();
        let mut child = Command::new(&program)
            .args([role, "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", &place.database_url)
            .env("NATS_URL", &place.nats_url)
            .env("CRM_NATS_ROOT", &place.root)
            .env("CRM_TOKEN_PUBLIC_KEY", &key)
            .env("CRM_MASTER_KEY", event_store::fixtures::MASTER_KEY)
            // One user gives all commands here, and all clients come from one address.
            .envs(
                ["CRM_COMMANDS_PER_USER", "CRM_COMMANDS_PER_TENANT", "CRM_PEER_CONNECTIONS"]
                    .map(|any| (any, "0")),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let stdout = child.stdout.take().context("no pipe from crm")?;
        let first = timeout(PATIENCE, BufReader::new(stdout).lines().next_line()).await??;
        let line = first.context("crm ended instead of listening")?;
        let (_, address) = line.rsplit_once("http://").context("crm does not say where it listens")?;
        let mut crm = Self { child, address: address.trim().to_owned(), ready_after: Duration::ZERO };
        crm.wait_ready().await?;
        crm.ready_after = begun.elapsed();
        Ok(crm)
    }

    async fn wait_ready(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let ask = request("GET", "/health/ready", "none", &[], "");
        while begun.elapsed() < PATIENCE {
            if let Ok(mut connection) = Connection::open(&self.address).await
                && connection.status(ask.as_bytes()).await?.0 == 200
            {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        bail!("crm is not ready after {} s", PATIENCE.as_secs())
    }

    /// What it holds in memory.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(self.child.id().context("crm has ended")?)
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        rustix::process::kill_process(pid.context("crm has ended")?, rustix::process::Signal::TERM)?;
        timeout(PATIENCE, self.child.wait()).await.context("crm does not end")??;
        Ok(())
    }
}

/// The program that was built together with this one, unless another is named.
fn program(options: &RunOptions) -> anyhow::Result<PathBuf> {
    match &options.crm {
        Some(named) => Ok(named.clone()),
        None => {
            let beside = std::env::current_exe()?.with_file_name("crm");
            if !beside.exists() {
                bail!("there is no {}: build crm in the same way, or name it with --crm", beside.display());
            }
            Ok(beside)
        }
    }
}
