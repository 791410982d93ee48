//! `crm tenant`: the companies that rent the portal, for whoever can reach the database.

use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use command_api::identity::invitation::new_link;
use command_api::identity::tenant::{Entry, FirstAdmin, create, name, rename};
use command_api::{CommandApi, Context};
use domain::{Personal, TenantId, Text, UserId};
use event_store::{Duty, connect};
use uuid::Uuid;

use crate::config::SiteArgs;
use crate::site::Site;
use crate::user::{commands, email};

/// Who acts, in the histories.
const ACTOR: &str = "crm tenant";

/// Which tenants.
#[derive(Args)]
pub struct TenantArgs {
    #[command(subcommand)]
    task: TenantTask,
}

#[derive(Subcommand)]
enum TenantTask {
    /// Begin a tenant with its first admin, and print its id and a link for the admin, once.
    #[command(after_help = "\
Example:  crm tenant create --name \"Example Engines\" --admin-email grace@engines.example

The link is good for one use within 7 days; whoever follows it chooses a password. CRM_PUBLIC_URL says where it leads.")]
    Create(CreateArgs),
    /// Call a tenant something else.
    Rename(RenameArgs),
    /// Show the tenants: id, since when, name. Those of before there was `crm tenant` are not among them.
    List,
}

#[derive(Args)]
struct CreateArgs {
    /// What the company is called
    #[arg(long)]
    name: String,
    /// Where mail reaches the first admin
    #[arg(long, value_name = "ADDRESS")]
    admin_email: String,
    /// What the first admin is called; by default like the address
    #[arg(long, value_name = "NAME")]
    admin_name: Option<String>,
}

#[derive(Args)]
struct RenameArgs {
    /// The tenant
    tenant: String,
    /// The new name
    name: String,
}

enum Work {
    Create { name: Text<200>, admin: FirstAdmin },
    Rename { tenant: TenantId, name: Text<200> },
    List,
}

/// Does what was asked for.
pub async fn tenant(args: &SiteArgs, command: &TenantArgs) -> anyhow::Result<ExitCode> {
    // What is wrong with the words is found before anything is connected.
    let work = Work::of(&command.task)?;
    let site = Site::open(args).await?;
    let done = async { work.run(&commands(args, &site)?, &site).await };
    let done = done.await;
    site.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

impl Work {
    fn of(task: &TenantTask) -> anyhow::Result<Self> {
        Ok(match task {
            TenantTask::Create(args) => {
                let address = email(&args.admin_email)?;
                let called = args.admin_name.as_deref().unwrap_or(address.as_str());
                let admin = FirstAdmin {
                    id: UserId::from_uuid(Uuid::now_v7()),
                    name: Personal::new(text(called, "the name of the admin")?),
                    email: Personal::new(address),
                    entry: Entry::Invited,
                };
                Self::Create { name: text(&args.name, "the name")?, admin }
            }
            TenantTask::Rename(args) => Self::Rename {
                tenant: TenantId::parse(&args.tenant).context("the tenant must be a UUID")?,
                name: text(&args.name, "the name")?,
            },
            TenantTask::List => Self::List,
        })
    }

    async fn run(self, app: &CommandApi, site: &Site) -> anyhow::Result<()> {
        let correlation_id = Uuid::now_v7().to_string();
        match self {
            Self::Create { name, admin } => {
                let tenant = TenantId::from_uuid(Uuid::now_v7());
                let context = Context::new(tenant, ACTOR, correlation_id);
                create(app, &context, &name, &admin).await.context("the tenant did not begin")?;
                println!("tenant    {tenant}\nuser      {}", admin.id);
                let link = new_link(app, tenant, admin.id).await;
                let failed = "there is no link; an admin invites, or `crm user password` sets a password";
                println!("link      {}", link.context(failed)?);
                Ok(())
            }
            Self::Rename { tenant, name } => {
                rename(app, &Context::new(tenant, ACTOR, correlation_id), name)
                    .await
                    .context("the tenant was not renamed")?;
                Ok(())
            }
            Self::List => list(app, site).await,
        }
    }
}

async fn list(app: &CommandApi, site: &Site) -> anyhow::Result<()> {
    let pool = connect(&site.database_url, Duty::Appender, 1)?;
    let sql = "select tenant_id, recorded_at from log.event
        where aggregate_type = 'identity.tenant' and sequence = 1 order by position";
    let tenants: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    if tenants.is_empty() {
        println!("there are no tenants; `crm tenant create --help` tells how to begin one");
    }
    for (tenant, since) in tenants {
        let called = name(app, tenant.into()).await?;
        let called = called.as_ref().map_or_else(String::new, ToString::to_string);
        println!("{tenant}  {}  {called}", since.format("%Y-%m-%d %H:%M"));
    }
    Ok(())
}

fn text(text: &str, what: &str) -> anyhow::Result<Text<200>> {
    Text::parse(text).map_err(|error| anyhow::anyhow!("{what} {error}"))
}
