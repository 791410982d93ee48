//! `crm analyst`: logins for people who read the read models of one tenant with SQL.

use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::TenantId;
use rand::distr::{Alphanumeric, SampleString as _};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::config::SiteArgs;
use crate::site::Site;

/// Characters of a password: 190 bits by chance.
const PASSWORD: usize = 32;
/// What every login of an analyst begins with.
const PREFIX: &str = "analyst_";
/// Most characters of a name, so that the login is one that PostgreSQL does not cut.
const MAX_NAME: usize = 48;
/// Connections that an analyst may have at a time.
const CONNECTIONS: u32 = 5;
/// What a session of an analyst begins with. Their rights do not depend on it; it is there so that nobody stops the clearing
/// away of dead rows, or keeps a core busy, by accident.
const SETTINGS: [(&str, &str); 5] = [
    ("default_transaction_read_only", "on"),
    ("search_path", "read_model"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("timezone", "UTC"),
];

/// Who may read.
#[derive(Args)]
pub struct AnalystCommand {
    #[command(subcommand)]
    task: AnalystTask,
}

#[derive(Subcommand)]
enum AnalystTask {
    /// Make a login that reads the read models of one tenant and nothing else, and print its connection string, once.
    #[command(after_help = "\
Example:  crm analyst create ada --tenant 00000000-0000-7000-8000-00000000de30

The tenant hangs on the login: no statement can change it. docs/ANALYSTS.md tells what there is to read.")]
    Create(CreateArgs),
    /// List the logins, each with its tenant.
    List,
    /// Take a login away. Its sessions end at once.
    Drop {
        /// The name that it was made under
        name: String,
    },
}

#[derive(Args)]
struct CreateArgs {
    /// A name: a letter, then letters, digits and _, in lower case. The login is analyst_<name>
    name: String,
    /// The tenant
    #[arg(long)]
    tenant: String,
}

/// Does what was asked for.
pub async fn analyst(args: &SiteArgs, command: &AnalystCommand) -> anyhow::Result<ExitCode> {
    let site = Site::open(args).await?;
    // One of the statements has a password in it, which no log of ours may show.
    let mut connection =
        PgConnectOptions::from_str(&site.database_url)?.disable_statement_logging().connect().await?;
    check_superuser(&mut connection).await?;
    match &command.task {
        AnalystTask::Create(create) => {
            println!("{}", create.run(&mut connection, &site.database_url).await?);
        }
        AnalystTask::List => list(&mut connection).await?,
        AnalystTask::Drop { name } => {
            drop_login(&mut connection, &login(name)?).await?;
            println!("{PREFIX}{name} can no longer log in");
        }
    }
    connection.close().await?;
    site.close().await?;
    Ok(ExitCode::SUCCESS)
}

impl CreateArgs {
    async fn run(&self, connection: &mut PgConnection, database_url: &str) -> anyhow::Result<String> {
        let tenant = TenantId::parse(&self.tenant).context("--tenant must be a UUID")?;
        let login = login(&self.name)?;
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD);
        let mut transaction = connection.begin().await?;
        if exists(&mut transaction, &login).await? {
            bail!("there is a login {login} already; `crm analyst drop {}` takes it away", self.name);
        }
        let options = "login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
        // Both login and password are of letters, digits and _ only.
        transaction
            .execute(
                format!(
                    "create role {login} {options} connection limit {CONNECTIONS} password '{password}' in role crm_analyst"
                )
                .as_str(),
            )
            .await
            .with_context(|| format!("cannot make the login {login}"))?;
        for (name, value) in SETTINGS {
            transaction.execute(format!("alter role {login} set {name} = '{value}'").as_str()).await?;
        }
        sqlx::query("insert into identity.analyst (tenant_id, login) values ($1, $2)")
            .bind(tenant.as_uuid())
            .bind(&login)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        connection_string(database_url, &login, &password)
    }
}

async fn list(connection: &mut PgConnection) -> anyhow::Result<()> {
    let analysts: Vec<(String, Uuid, DateTime<Utc>)> =
        sqlx::query_as("select login::text, tenant_id, created_at from identity.analyst order by login")
            .fetch_all(connection)
            .await?;
    if analysts.is_empty() {
        println!("there are no analysts; `crm analyst create --help` tells how to make one");
    }
    for (login, tenant, created_at) in analysts {
        println!("{login:<24} {tenant}  {}", created_at.format("%Y-%m-%d %H:%M"));
    }
    Ok(())
}

/// Takes a login away. What an earlier run left undone is done now.
async fn drop_login(connection: &mut PgConnection, login: &str) -> anyhow::Result<()> {
    let dropped = sqlx::query("delete from identity.analyst where login = $1").bind(login);
    // From here on the login sees nothing, even in a session that goes on.
    let was_known = dropped.execute(&mut *connection).await?.rows_affected() > 0;
    if !exists(connection, login).await? {
        if was_known {
            return Ok(());
        }
        bail!("there is no analyst {login}; `crm analyst list` tells which there are");
    }
    connection.execute(format!("alter role {login} nologin").as_str()).await?;
    sqlx::query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1")
        .bind(login)
        .execute(&mut *connection)
        .await?;
    connection.execute(format!("drop owned by {login}; drop role {login}").as_str()).await?;
    Ok(())
}

/// Making logins, seeing which there are and ending their sessions takes a superuser.
async fn check_superuser(connection: &mut PgConnection) -> anyhow::Result<()> {
    let (name, is_super): (String, bool) =
        sqlx::query_as("select rolname::text, rolsuper from pg_roles where rolname = current_user")
            .fetch_one(connection)
            .await?;
    if !is_super {
        bail!("{name} cannot make logins; set DATABASE_URL to a superuser for this command");
    }
    Ok(())
}

async fn exists(connection: &mut PgConnection, login: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(login)
        .fetch_one(connection)
        .await
}

/// The login of a name, which needs no quoting.
fn login(name: &str) -> anyhow::Result<String> {
    let is_name = name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name {
        bail!(
            "{name:?} is no name: it must be a letter, then letters, digits and _, in lower case, at most {MAX_NAME}"
        );
    }
    Ok(format!("{PREFIX}{name}"))
}

/// Where the analyst connects: where this did, as somebody else.
fn connection_string(database_url: &str, login: &str, password: &str) -> anyhow::Result<String> {
    let options = PgConnectOptions::from_str(database_url)?;
    let host = options.get_host();
    let host =
        if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let database = options.get_database().unwrap_or("postgres");
    // Whoever asked for an encrypted connection asked for that of analysts, too; `prefer` is what clients do by themselves.
    let encrypted = match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => "",
        PgSslMode::Require => "?sslmode=require",
        PgSslMode::VerifyCa => "?sslmode=verify-ca",
        PgSslMode::VerifyFull => "?sslmode=verify-full",
    };
    Ok(format!("postgresql://{login}:{password}@{host}:{}/{database}{encrypted}", options.get_port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_needs_no_quoting() {
        assert_eq!(login("ada_2").unwrap(), "analyst_ada_2");
        assert!(login(&"a".repeat(48)).is_ok());
        for name in
            ["", "2ada", "_ada", "Ada", "ada lovelace", "ada;", "ada'", "ada\"", "ädä", &"a".repeat(49)]
        {
            assert!(login(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_analyst_connects_where_the_portal_does() {
        let of = |url| connection_string(url, "analyst_ada", "secret").unwrap();
        assert_eq!(
            of("postgresql://crm:pw@db.example:5433/crm?sslmode=require"),
            "postgresql://analyst_ada:secret@db.example:5433/crm?sslmode=require"
        );
        assert!(of("postgresql://db.example/crm?sslmode=verify-full").ends_with("/crm?sslmode=verify-full"));
        assert_eq!(of("postgresql://crm@[::1]/crm"), "postgresql://analyst_ada:secret@[::1]:5432/crm");
    }
}
