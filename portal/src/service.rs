//! `crm service`: logins for the services, each of which may do what its duties take, and nothing else.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use event_store::Duty;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::config::SiteArgs;
use crate::login::{Login, Password, administrator};
use crate::secret_file;
use crate::site::Site;

/// What every login of a service begins with.
const PREFIX: &str = "service_";

/// Which services connect to the database as whom.
#[derive(Args)]
pub struct ServiceCommand {
    #[command(subcommand)]
    task: ServiceTask,
}

#[derive(Subcommand)]
enum ServiceTask {
    /// Make logins for services, or give those there are another password and what this build needs.
    #[command(after_help = "\
Example:  crm service create                  a login for each service, with the connection string that it has to
                                              have as its DATABASE_URL; they are printed once
          crm service create query-api        the same for one

A password is made by chance, unless CRM_COMMAND_API_PASSWORD, CRM_QUERY_API_PASSWORD or CRM_PROJECTOR_PASSWORD
has it, or a file that CRM_COMMAND_API_PASSWORD_FILE and so on name. Whoever migrates, erases, rebuilds, imports or verifies goes on using the login of the owner.")]
    Create(LoginArgs),
    /// List the logins, each with the roles that it may take.
    List,
    /// Take logins away. Their sessions end at once.
    Drop(LoginArgs),
}

#[derive(Args)]
struct LoginArgs {
    /// The services; all of them by default
    #[arg(value_enum)]
    services: Vec<Service>,
    /// What the names of their logins end with, where several installations share a PostgreSQL
    #[arg(long)]
    suffix: Option<String>,
}

/// A service that connects to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Service {
    CommandApi,
    QueryApi,
    Projector,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Service::CommandApi => "command_api",
            Service::QueryApi => "query_api",
            Service::Projector => "projector",
        }
    }

    /// The roles that it takes, one for each of its duties.
    fn roles(self) -> Vec<&'static str> {
        let duties: &[Duty] = match self {
            Service::CommandApi => {
                &[Duty::Appender, Duty::Identity, Duty::Reader, Duty::Trail, Duty::Sweeper, Duty::Observer]
            }
            Service::QueryApi => &[Duty::Reader, Duty::Identity, Duty::Trail, Duty::Sweeper, Duty::Observer],
            Service::Projector => &[Duty::Relay, Duty::Projector, Duty::Observer],
        };
        let mut roles: Vec<&str> = duties.iter().map(|duty| duty.role()).collect();
        if self == Service::QueryApi {
            roles.push(query_api::SCOPED_READER);
        }
        roles
    }

    /// Its password, if somebody has chosen one.
    fn password(self, args: &SiteArgs) -> anyhow::Result<Option<Password>> {
        let variable = format!("CRM_{}_PASSWORD", self.name().to_uppercase());
        let Some(given) = secret_file::from_env(&variable)? else { return Ok(None) };
        if args.hardened && !given.by_file {
            bail!("CRM_HARDENED asks for {variable}_FILE in place of {variable}")
        }
        Ok(Some(Password::chosen(&given.text).with_context(|| format!("{variable} is not right"))?))
    }
}

impl LoginArgs {
    fn logins(&self) -> anyhow::Result<Vec<(Service, Login)>> {
        let services =
            if self.services.is_empty() { Service::value_variants() } else { self.services.as_slice() };
        let login = |service: &Service| {
            let name = match &self.suffix {
                Some(suffix) => format!("{}_{suffix}", service.name()),
                None => service.name().to_owned(),
            };
            Ok((*service, Login::named(PREFIX, &name)?))
        };
        services.iter().map(login).collect()
    }
}

/// Does what was asked for.
pub async fn service(args: &SiteArgs, command: &ServiceCommand) -> anyhow::Result<ExitCode> {
    let site = Site::open(args).await?;
    let mut connection = administrator(&site.database_url).await?;
    match &command.task {
        ServiceTask::Create(create) => {
            for (service, login) in create.logins()? {
                match service.password(args)? {
                    Some(password) => {
                        employ(&mut connection, service, &login, &password).await?;
                        println!("{} has the password that was chosen", login.name());
                    }
                    None => {
                        let password = Password::random();
                        employ(&mut connection, service, &login, &password).await?;
                        println!("{}", login.connection_string(&site.database_url, &password)?);
                    }
                }
            }
        }
        ServiceTask::List => list(&mut connection).await?,
        ServiceTask::Drop(dropped) => {
            for (_, login) in dropped.logins()? {
                if !login.exists(&mut connection).await? {
                    bail!("there is no login {}; `crm service list` tells which there are", login.name());
                }
                login.drop(&mut connection).await?;
                println!("{} can no longer log in", login.name());
            }
        }
    }
    connection.close().await?;
    site.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// A login that has no rights of its own, but to see which migrations ran, and may take the roles of a service.
async fn employ(
    connection: &mut PgConnection,
    service: Service,
    login: &Login,
    password: &Password,
) -> anyhow::Result<()> {
    let mut transaction = connection.begin().await?;
    if login.exists(&mut transaction).await? {
        login.renew(&mut transaction, password).await?;
    } else {
        login.create(&mut transaction, password, "noinherit").await?;
    }
    let (name, roles) = (login.name(), service.roles().join(", "));
    transaction
        .execute(
            format!(
                "grant {roles} to {name} with inherit false, set true; grant select on _sqlx_migrations to {name}"
            )
            .as_str(),
        )
        .await
        .context("cannot give it its roles; has `crm migrate` of this build run?")?;
    Ok(transaction.commit().await?)
}

async fn list(connection: &mut PgConnection) -> anyhow::Result<()> {
    let logins: Vec<(String, String)> = sqlx::query_as(
        "select m.member::regrole::text, string_agg(m.roleid::regrole::text, ' ' order by m.roleid::regrole::text)
         from pg_auth_members as m
         where starts_with(m.member::regrole::text, $1)
         group by m.member
         order by 1",
    )
    .bind(PREFIX)
    .fetch_all(connection)
    .await?;
    if logins.is_empty() {
        println!("services have no logins of their own; `crm service create --help` tells how to make them");
    }
    for (login, roles) in logins {
        println!("{login:<24} {roles}");
    }
    Ok(())
}
