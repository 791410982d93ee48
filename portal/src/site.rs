//! The servers a command works with: named ones, those of a running `crm serve --embedded`, or its own.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::{Client, ConnectError};
use embedded::{Embedded, find_tools};
use event_store::{MasterKeys, nats};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::config::SiteArgs;
use crate::hardened;
use crate::maintain::missing_migrations;
use crate::tls::Authority;

/// The oldest PostgreSQL that is known to work, as `server_version_num`.
const POSTGRES: i32 = 180_000;
/// The oldest nats-server that is known to work.
const NATS: (u32, u32) = (2, 12);
/// How long NATS may take to answer at the start.
const NATS_PATIENCE: Duration = Duration::from_secs(3);

/// PostgreSQL and NATS, wherever they come from.
pub struct Site {
    /// The database, as the owner of its schema.
    pub database_url: String,
    /// The servers of NATS.
    pub nats_url: String,
    authority: Option<Authority>,
    embedded: Option<Embedded>,
    addresses: Option<PathBuf>,
}

/// How other commands in the same folder find the servers of this one.
#[derive(Serialize, Deserialize)]
struct Addresses {
    database_url: String,
    nats_url: String,
}

impl Site {
    /// The named servers; without names those of a `crm serve --embedded` that runs in the folder; else its own.
    pub async fn open(args: &SiteArgs) -> anyhow::Result<Self> {
        if let Some(named) = named(args)? {
            named.check().await?;
            return Ok(named);
        }
        match Self::embedded(args).await {
            Err(error) if in_use(&error) => running(args).context(error),
            own => own,
        }
    }

    /// The named servers only.
    pub async fn external(args: &SiteArgs) -> anyhow::Result<Self> {
        let Some(named) = named(args)? else {
            bail!(
                "set DATABASE_URL and NATS_URL, or use `crm serve --embedded` to try it out without servers"
            )
        };
        named.check().await?;
        named.check_schema().await?;
        Ok(named)
    }

    /// Starts servers of its own in the folder.
    pub async fn embedded(args: &SiteArgs) -> anyhow::Result<Self> {
        hardened::refuse_development(
            args,
            "an embedded server, as there is without DATABASE_URL and NATS_URL,",
        )?;
        let authority = args.tls.authority()?;
        let config = embedded::Config { tools: find_tools()?, dir: args.dir.clone() };
        let servers = Embedded::start(config).await?;
        ensure_master_key(args)?;
        let addresses = args.dir.join("servers.json");
        let site = Self {
            database_url: servers.database_url(),
            nats_url: servers.nats_url(),
            authority,
            embedded: Some(servers),
            addresses: Some(addresses.clone()),
        };
        let known = Addresses { database_url: site.database_url.clone(), nats_url: site.nats_url.clone() };
        write_private(&addresses, serde_json::to_string(&known)?.as_bytes())?;
        Ok(site)
    }

    /// Servers that nobody connects to.
    #[cfg(test)]
    pub fn nowhere() -> Self {
        let database_url = "postgresql://db.invalid/crm".to_owned();
        let nats_url = "nats://nats.invalid".to_owned();
        Self { database_url, nats_url, authority: None, embedded: None, addresses: None }
    }

    /// Whether both are there and new enough, in one clear line if not.
    async fn check(&self) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.database_url)
            .await
            .context("cannot connect to PostgreSQL; is DATABASE_URL right and the server up?")?;
        let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::integer")
            .fetch_one(&mut connection)
            .await?;
        if version < POSTGRES {
            bail!("PostgreSQL {} is too old: 18 or newer is needed", version / 10_000);
        }
        connection.close().await?;
        self.check_nats().await
    }

    /// NATS may be away for now, since nothing that is promised needs it at this moment; but it must not be too old.
    async fn check_nats(&self) -> anyhow::Result<()> {
        let client = self.nats().await.context("NATS_URL is not right")?;
        let answered = tokio::time::timeout(NATS_PATIENCE, client.flush()).await;
        if !matches!(answered, Ok(Ok(()))) {
            eprintln!("crm: NATS does not answer yet; meanwhile read models follow the log a second later");
            return Ok(());
        }
        let version = client.server_info().version;
        let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
        if (numbers.next(), numbers.next()) < (Some(NATS.0), Some(NATS.1)) {
            bail!("NATS {version} is too old: {}.{} or newer is needed", NATS.0, NATS.1);
        }
        Ok(())
    }

    /// Whether the database has the schema of this build.
    async fn check_schema(&self) -> anyhow::Result<()> {
        let missing = missing_migrations(&self.database_url).await?;
        if missing > 0 {
            bail!("the database lacks {missing} migrations of this build; run `crm migrate`");
        }
        Ok(())
    }

    /// A client of NATS, which connects in the background.
    pub async fn nats(&self) -> Result<Client, ConnectError> {
        nats::connect_trusting(&self.nats_url, self.authority().map(Authority::file)).await
    }

    /// The authorities whose word is taken, beside or in place of public ones.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Whether the servers are its own.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Returns when an own server has ended although nobody asked it to; never for named servers.
    pub async fn died(&mut self) -> embedded::Error {
        match &mut self.embedded {
            Some(servers) => servers.died().await,
            None => std::future::pending().await,
        }
    }

    /// Stops own servers; leaves named ones alone.
    pub async fn close(self) -> anyhow::Result<()> {
        if let Some(file) = self.addresses {
            // Left behind it does no harm: it is written anew at the next start.
            let _gone = std::fs::remove_file(file);
        }
        if let Some(servers) = self.embedded {
            servers.stop().await?;
        }
        Ok(())
    }
}

fn named(args: &SiteArgs) -> anyhow::Result<Option<Site>> {
    hardened::check(args)?;
    match (&args.database_url, &args.nats_url) {
        (Some(database_url), Some(nats_url)) => {
            let authority = args.tls.authority()?;
            let database_url = match &authority {
                Some(authority) => authority.named_in(database_url)?,
                None => database_url.clone(),
            };
            let nats_url = nats_url.clone();
            Ok(Some(Site { database_url, nats_url, authority, embedded: None, addresses: None }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => bail!("DATABASE_URL is set, so NATS_URL is needed too"),
        (None, Some(_)) => bail!("NATS_URL is set, so DATABASE_URL is needed too"),
    }
}

fn in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(embedded::Error::InUse { .. }))
}

fn running(args: &SiteArgs) -> anyhow::Result<Site> {
    let file = args.dir.join("servers.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let Addresses { database_url, nats_url } = serde_json::from_str(&text)?;
    let authority = args.tls.authority()?;
    Ok(Site { database_url, nats_url, authority, embedded: None, addresses: None })
}

/// Makes a master key for servers that have none yet. Without it, nothing personal in their log can ever be read again.
fn ensure_master_key(args: &SiteArgs) -> anyhow::Result<()> {
    let file = args.embedded_master_key();
    if args.master_key.is_none() && !file.exists() {
        write_private(&file, MasterKeys::generate()?.as_bytes())?;
    }
    Ok(())
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_private(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let draft = file.with_extension("draft");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut open| open.write_all(content))
        .and_then(|()| std::fs::rename(&draft, file));
    written.with_context(|| format!("cannot write {}", file.display()))
}
