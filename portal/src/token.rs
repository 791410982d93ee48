//! `crm token`: a bearer token for development.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use domain::TenantId;
use edge::{Identity, Role, SigningKey};

use crate::config::{DEMO_TENANT, SiteArgs, token_settings};
use crate::hardened;

/// Whose token.
#[derive(Args)]
pub struct TokenArgs {
    /// The tenant; by default the demo tenant
    #[arg(long, default_value = DEMO_TENANT)]
    tenant: String,
    /// A role; may be given several times: admin, sales_manager, sales_rep, support, finance, viewer, auditor
    #[arg(long = "role", value_name = "ROLE", default_values = ["admin"])]
    roles: Vec<String>,
    /// Who acts: what histories will show
    #[arg(long, default_value = "demo")]
    subject: String,
    /// Minutes until it expires; a week at most, and a day for a subject that is the id of a user: no API takes others
    #[arg(long, default_value_t = 8 * 60, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=7 * 24 * 60))]
    minutes: u64,
    /// Print the public key that such tokens are checked with instead, for CRM_TOKEN_PUBLIC_KEY elsewhere
    #[arg(long)]
    public_key: bool,
}

/// Prints the token, and nothing else.
pub fn token(site: &SiteArgs, args: &TokenArgs) -> anyhow::Result<ExitCode> {
    hardened::refuse_development(site, "`crm token`")?;
    let key = site.own_key()?;
    if args.public_key {
        print!("{}", key.public_pem()?);
        return Ok(ExitCode::SUCCESS);
    }
    let roles = args.roles.iter().map(|name| role(name)).collect::<anyhow::Result<_>>()?;
    let tenant = TenantId::parse(&args.tenant).context("--tenant must be a UUID")?;
    let identity = Identity::new(args.subject.clone(), tenant, roles);
    println!("{}", mint(&key, &identity, args.minutes)?);
    Ok(ExitCode::SUCCESS)
}

/// A token for so many minutes.
pub fn mint(key: &SigningKey, identity: &Identity, minutes: u64) -> anyhow::Result<String> {
    let life = Duration::from_secs(minutes.saturating_mul(60));
    Ok(key.mint(&token_settings(), identity, life)?)
}

/// The role of a name.
pub fn role(name: &str) -> anyhow::Result<Role> {
    Role::of_name(name).with_context(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        format!("there is no role {name:?}; there are {}", known.join(", "))
    })
}
