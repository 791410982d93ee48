//! `crm user`: accounts and passwords, for whoever can reach the database. The first admin of a tenant comes from here.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use access::{Hasher, Password, Vault};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use command_api::identity::invitation::new_link;
use command_api::identity::user::{UserIn, invite, register};
use command_api::identity::{Issuer, Refusal, find, password};
use command_api::{CommandApi, Context};
use domain::{EmailAddress, Personal, TenantId, Text, UserId};
use edge::Role;
use event_store::{Duty, connect};
use rand::distr::{Alphanumeric, SampleString as _};
use uuid::Uuid;

use crate::config::{DEMO_TENANT, SiteArgs};
use crate::post::USUAL_ADDRESS;
use crate::roles::in_process;
use crate::site::Site;
use crate::token::role;

/// Characters of a password that is made here: 130 bits by chance.
const PASSWORD: usize = 22;
/// Connections of each kind.
const CONNECTIONS: u32 = 2;
/// Who acts, in the histories.
const ACTOR: &str = "crm user";

/// Whose account.
#[derive(Args)]
pub struct UserCommand {
    #[command(subcommand)]
    task: UserTask,
}

#[derive(Subcommand)]
enum UserTask {
    /// Open an account, and print its id and a first password for it, once: good for choosing another one within 7 days.
    #[command(after_help = "\
Example:  crm user register \"Grace Hopper\" grace@engines.example --role admin

Then:     curl http://127.0.0.1:8080/api/v1/sessions -H 'Content-Type: application/json' \\
            -d '{\"tenant_id\": \"...\", \"email\": \"grace@engines.example\", \"password\": \"...\"}'
          curl -X PUT http://127.0.0.1:8080/api/v1/password -H 'Authorization: Bearer ...' \\
            -H 'Content-Type: application/json' -d '{\"current_password\": \"...\", \"new_password\": \"...\"}'")]
    Register(RegisterArgs),
    /// Give a user a first password again, and print it, once. All sessions of the user end.
    #[command(after_help = "\
Example:  crm user password grace@engines.example
          crm user password grace@engines.example --stdin < password.txt")]
    Password(PasswordArgs),
    /// Invite a user who has no password yet, and print a link for them, once: for whoever has no mail server.
    #[command(after_help = "Example:  crm user invite grace@engines.example")]
    Invite(InviteArgs),
}

#[derive(Args)]
struct RegisterArgs {
    /// What the user is called
    name: String,
    /// Where mail reaches the user; no other user of the tenant has this address
    email: String,
    /// A role; may be given several times: admin, sales_manager, sales_rep, support, finance, viewer, auditor
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Args)]
struct PasswordArgs {
    /// The address of the user
    email: String,
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Args)]
struct InviteArgs {
    /// The address of the user
    email: String,
    /// The tenant; by default the demo tenant
    #[arg(long, default_value = DEMO_TENANT)]
    tenant: String,
}

#[derive(Args)]
struct Chosen {
    /// The tenant; by default the demo tenant
    #[arg(long, default_value = DEMO_TENANT)]
    tenant: String,
    /// Read the password from standard input, in place of making one: it stays the user's until they choose another
    #[arg(long)]
    stdin: bool,
}

/// Does what was asked for.
pub async fn user(args: &SiteArgs, command: &UserCommand) -> anyhow::Result<ExitCode> {
    // What is wrong with the words is found before anything is connected.
    let work = Work::of(&command.task)?;
    let site = Site::open(args).await?;
    let done = async { work.run(&commands(args, &site)?).await };
    let done = done.await;
    site.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

enum Work {
    Register { user: UserIn, tenant: TenantId, password: Secret },
    Password { email: EmailAddress, tenant: TenantId, password: Secret },
    Invite { email: EmailAddress, tenant: TenantId },
}

/// A password, and whether whoever asked for it knows it already.
struct Secret {
    text: String,
    is_told: bool,
}

impl Work {
    fn of(task: &UserTask) -> anyhow::Result<Self> {
        match task {
            UserTask::Register(args) => {
                let roles: BTreeSet<Role> =
                    args.roles.iter().map(|name| role(name)).collect::<anyhow::Result<_>>()?;
                let name = Text::parse(&args.name).map_err(|error| anyhow::anyhow!("the name {error}"))?;
                let user = UserIn {
                    name: Personal::new(name),
                    email: Personal::new(email(&args.email)?),
                    roles,
                    invite: false,
                    occurred_at: None,
                };
                Ok(Self::Register { user, tenant: args.chosen.tenant()?, password: args.chosen.secret()? })
            }
            UserTask::Password(args) => Ok(Self::Password {
                email: email(&args.email)?,
                tenant: args.chosen.tenant()?,
                password: args.chosen.secret()?,
            }),
            UserTask::Invite(args) => {
                Ok(Self::Invite { email: email(&args.email)?, tenant: tenant(&args.tenant)? })
            }
        }
    }

    async fn run(self, app: &CommandApi) -> anyhow::Result<()> {
        let correlation_id = Uuid::now_v7().to_string();
        match self {
            Self::Register { user, tenant, password } => {
                let (id, context) =
                    (UserId::from_uuid(Uuid::now_v7()), Context::new(tenant, ACTOR, correlation_id));
                register(app, &context, id, user).await.context("the account was not opened")?;
                println!("user      {id}");
                password.set(app, &context, id).await
            }
            Self::Password { email, tenant, password } => {
                let context = Context::new(tenant, ACTOR, correlation_id);
                let id = known(app, tenant, &email).await?;
                println!("user      {id}");
                password.set(app, &context, id).await
            }
            Self::Invite { email, tenant } => {
                let id = known(app, tenant, &email).await?;
                let context = Context::new(tenant, ACTOR, correlation_id);
                invite(app, &context, id).await.context("the user was not invited")?;
                println!("user      {id}\nlink      {}", new_link(app, tenant, id).await?);
                Ok(())
            }
        }
    }
}

impl Secret {
    async fn set(self, app: &CommandApi, context: &Context, user: UserId) -> anyhow::Result<()> {
        let (password, failed) = (
            Password::choose(self.text.as_str())?,
            "the password was not changed; `crm user password` sets it",
        );
        if self.is_told {
            return password::set(app, context, user, password).await.map_err(told).context(failed);
        }
        let until = password::set_first(app, context, user, password).await.context(failed)?;
        println!("until     {}, for choosing another one", until.format("%Y-%m-%d %H:%M UTC"));
        println!("password  {}", self.text);
        Ok(())
    }
}

impl Chosen {
    fn tenant(&self) -> anyhow::Result<TenantId> {
        tenant(&self.tenant)
    }

    fn secret(&self) -> anyhow::Result<Secret> {
        if !self.stdin {
            let text = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD);
            return Ok(Secret { text, is_told: false });
        }
        if std::io::stdin().is_terminal() {
            bail!("--stdin reads a file or a pipe, so that the password does not show on the screen");
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read the password")?;
        let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        Password::choose(text.as_str()).map_err(|error| anyhow::anyhow!("the password {error}"))?;
        Ok(Secret { text, is_told: true })
    }
}

/// Why a password was not taken, with what is wrong with it.
fn told(refusal: Refusal) -> anyhow::Error {
    if let Refusal::Command(error) = &refusal
        && let [wrong, ..] = error.errors()
    {
        return anyhow::anyhow!("the password {}", wrong.message);
    }
    refusal.into()
}

fn tenant(text: &str) -> anyhow::Result<TenantId> {
    TenantId::parse(text).context("--tenant must be a UUID")
}

/// The user of a tenant who has an address.
async fn known(app: &CommandApi, tenant: TenantId, email: &EmailAddress) -> anyhow::Result<UserId> {
    let Some(id) = find(app, tenant, email).await? else {
        bail!(
            "no user of this tenant has that address; `crm user register --help` tells how to open an account"
        );
    };
    Ok(id)
}

/// The address that a text is.
pub fn email(text: &str) -> anyhow::Result<EmailAddress> {
    EmailAddress::parse(text).map_err(|error| anyhow::anyhow!("the address {error}"))
}

/// The command side, in process, with what keeps passwords.
pub fn commands(args: &SiteArgs, site: &Site) -> anyhow::Result<CommandApi> {
    let vault = Vault::new(connect(&site.database_url, Duty::Identity, CONNECTIONS)?);
    let own = format!("{}://{USUAL_ADDRESS}", args.tls.scheme());
    let issuer = Issuer::new(vault, Hasher::new(1)?).with_post(args.mail.post(&own)?);
    Ok(in_process(args, site, CONNECTIONS)?.with_issuer(args.ruled(issuer, site.authority())?))
}
