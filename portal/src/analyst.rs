//! `crm analyst`: logins for people who read the read models of one tenant with SQL.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::TenantId;
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::config::SiteArgs;
use crate::login::{Login, Password, administrator};
use crate::site::Site;

/// What every login of an analyst begins with.
const PREFIX: &str = "analyst_";
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
    let mut connection = administrator(&site.database_url).await?;
    match &command.task {
        AnalystTask::Create(create) => {
            println!("{}", create.run(&mut connection, &site.database_url).await?);
        }
        AnalystTask::List => list(&mut connection).await?,
        AnalystTask::Drop { name } => {
            drop_login(&mut connection, &Login::named(PREFIX, name)?).await?;
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
        let (login, password) = (Login::named(PREFIX, &self.name)?, Password::random());
        let mut transaction = connection.begin().await?;
        if login.exists(&mut transaction).await? {
            bail!(
                "there is a login {} already; `crm analyst drop {}` takes it away",
                login.name(),
                self.name
            );
        }
        let options = format!("inherit connection limit {CONNECTIONS} in role crm_analyst");
        login.create(&mut transaction, &password, &options).await?;
        for (name, value) in SETTINGS {
            transaction
                .execute(format!("alter role {} set {name} = '{value}'", login.name()).as_str())
                .await?;
        }
        sqlx::query("insert into identity.analyst (tenant_id, login) values ($1, $2)")
            .bind(tenant.as_uuid())
            .bind(login.name())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        login.connection_string(database_url, &password)
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
async fn drop_login(connection: &mut PgConnection, login: &Login) -> anyhow::Result<()> {
    let dropped = sqlx::query("delete from identity.analyst where login = $1").bind(login.name());
    // From here on the login sees nothing, even in a session that goes on.
    let was_known = dropped.execute(&mut *connection).await?.rows_affected() > 0;
    if !login.exists(connection).await? {
        if was_known {
            return Ok(());
        }
        bail!("there is no analyst {}; `crm analyst list` tells which there are", login.name());
    }
    Ok(login.drop(connection).await?)
}
