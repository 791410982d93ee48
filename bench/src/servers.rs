//! The servers of a run, and a database for each measure.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use embedded::{Config, Embedded, find_tools};
use event_store::{StreamNames, nats};
use sqlx::{Connection, PgConnection};

/// A PostgreSQL and a nats-server that keep what they are told to keep: both write through to the disk as in production.
pub struct Servers {
    embedded: Embedded,
    dir: PathBuf,
}

/// A migrated, empty database and the names on NATS that belong to it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The database, as its owner.
    pub database_url: String,
    /// The nats-server.
    pub nats_url: String,
    /// What names on NATS begin with.
    pub root: String,
}

impl Servers {
    /// Starts both.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        let embedded = Embedded::start(Config { tools: find_tools()?, dir: dir.to_owned() }).await?;
        Ok(Self { embedded, dir: dir.to_owned() })
    }

    /// Stops both and removes their files.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.embedded.stop().await?;
        std::fs::remove_dir_all(&self.dir)
            .with_context(|| format!("cannot remove the folder {}", self.dir.display()))
    }

    /// What PostgreSQL says.
    pub fn postgres_log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// Where the servers' own database is.
    pub fn database_url(&self) -> String {
        self.embedded.database_url()
    }

    /// Where the nats-server is.
    pub fn nats_url(&self) -> String {
        self.embedded.nats_url()
    }

    /// A new database for a measure; that of an earlier run of it goes.
    pub async fn place(&self, name: &str) -> anyhow::Result<Place> {
        let root = format!("bench_{}", name.replace('-', "_"));
        let mut admin = PgConnection::connect(&self.database_url()).await?;
        drop_database(&mut admin, &root).await?;
        sqlx::query(&format!("create database {root}")).execute(&mut admin).await?;
        admin.close().await?;
        let url = self.database_url();
        let server = url.rsplit_once('/').map_or(url.as_str(), |(server, _)| server);
        let place = Place { database_url: format!("{server}/{root}"), nats_url: self.nats_url(), root };
        let mut owner = place.owner().await?;
        migrations::MIGRATOR.run(&mut owner).await?;
        owner.close().await?;
        place.drop_stream().await?;
        Ok(place)
    }

    /// Removes what a measure left behind.
    pub async fn clear(&self, place: Place) -> anyhow::Result<()> {
        place.drop_stream().await?;
        let mut admin = PgConnection::connect(&self.database_url()).await?;
        drop_database(&mut admin, &place.root).await?;
        Ok(admin.close().await?)
    }
}

async fn drop_database(admin: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    sqlx::query(&format!("drop database if exists {name} with (force)")).execute(admin).await?;
    Ok(())
}

impl Place {
    /// A connection as the owner of the database.
    pub async fn owner(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.database_url).await?)
    }

    /// The names on NATS.
    pub fn names(&self) -> StreamNames {
        StreamNames::rooted(self.root.clone())
    }

    /// A connection to NATS.
    pub async fn nats(&self) -> anyhow::Result<async_nats::Client> {
        let client = nats::connect(&self.nats_url).await?;
        client.flush().await?;
        Ok(client)
    }

    /// Makes sure that there is no stream.
    pub async fn drop_stream(&self) -> anyhow::Result<()> {
        let context = async_nats::jetstream::new(self.nats().await?);
        // That there is none is what was wanted.
        let _none = context.delete_stream(self.names().stream()).await;
        Ok(())
    }

    /// Runs statements that return nothing.
    pub async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        let mut owner = self.owner().await?;
        sqlx::raw_sql(sql).execute(&mut owner).await.with_context(|| format!("`{sql}` failed"))?;
        Ok(owner.close().await?)
    }
}
