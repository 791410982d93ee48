//! `crm erase`: nobody can read any more who somebody is.

use std::process::ExitCode;
use std::time::Duration;

use access::{Hasher, TrailTable, Vault};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use command_api::billing::customer;
use command_api::identity::{Issuer, user};
use command_api::sales::{lead, opportunity};
use command_api::{CommandApi, Context};
use domain::{CustomerId, LeadId, OpportunityId, TenantId, UserId};
use edge::trail::{Entry, TrailSink as _};
use event_store::{Duty, connect};
use projections::{checkpoint, registry};
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::{DEMO_TENANT, SiteArgs};
use crate::roles::in_process;
use crate::site::Site;

/// Connections that the command needs.
const CONNECTIONS: u32 = 2;
/// Who acts, in the histories.
const ACTOR: &str = "crm erase";
/// How long read models may take to clear their rows.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// Whom to erase.
#[derive(Args)]
#[command(after_help = "\
Example:  crm erase --tenant 00000000-0000-7000-8000-00000000de30 lead 019b76da-a800-7000-8000-00000000001f

The code is 0 once no read model shows anything of the person, and 2 if some have yet to clear their rows.")]
pub struct EraseArgs {
    /// The tenant; by default the demo tenant
    #[arg(long, default_value = DEMO_TENANT)]
    tenant: String,
    /// What the person is here
    #[arg(value_enum)]
    kind: Kind,
    /// The id
    id: Uuid,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A lead, with what was said of them in the opportunity that they became
    Lead,
    /// A user, whose account is closed
    User,
    /// People who were talked about in the activities of an opportunity, which goes on
    Opportunity,
    /// Somebody who is billed; invoices that were issued to them stay, as the law asks for
    Customer,
}

/// Erases, and waits until read models have cleared their rows.
pub async fn erase(args: &SiteArgs, erase: &EraseArgs) -> anyhow::Result<ExitCode> {
    let tenant = TenantId::parse(&erase.tenant).context("--tenant must be a UUID")?;
    let site = Site::open(args).await?;
    let vault = Vault::new(connect(&site.database_url, Duty::Identity, CONNECTIONS)?);
    let app = in_process(args, &site, CONNECTIONS)?.with_issuer(Issuer::new(vault, Hasher::new(1)?));
    erase.record(&site, tenant).await?;
    let position = erase.carry_out(&app, tenant).await.context("nobody was erased")?;
    println!("erased, and no key is left, as of position {position}");
    let pool = connect(&site.database_url, Duty::Projector, 1)?;
    let behind = behind(&pool, tenant, position).await?;
    pool.close().await;
    site.close().await?;
    if behind.is_empty() {
        println!("no read model shows anything of the person");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "these read models have yet to clear their rows, and do so when they get there: {}",
        behind.join(", ")
    );
    Ok(ExitCode::from(2))
}

impl EraseArgs {
    /// Puts into the trail that somebody is about to be erased. If it cannot be written, nobody is.
    async fn record(&self, site: &Site, tenant: TenantId) -> anyhow::Result<()> {
        let table = TrailTable::new(connect(&site.database_url, Duty::Trail, 1)?);
        let entry = Entry::erasure(tenant, ACTOR, self.id);
        table
            .write(&[entry])
            .await
            .context("the erasure could not be recorded in the trail, so nobody was erased")
    }

    async fn carry_out(&self, app: &CommandApi, tenant: TenantId) -> anyhow::Result<i64> {
        let context = Context::new(tenant, ACTOR, Uuid::now_v7().to_string());
        let erased = match self.kind {
            Kind::Lead => lead::erase(app, &context, LeadId::from_uuid(self.id)).await,
            Kind::User => user::erase(app, &context, UserId::from_uuid(self.id)).await,
            Kind::Customer => customer::erase(app, &context, CustomerId::from_uuid(self.id)).await,
            Kind::Opportunity => opportunity::erase(app, &context, OpportunityId::from_uuid(self.id)).await,
        };
        Ok(erased?.position)
    }
}

/// The read models that have not folded up to a position in time, or whose rows of the tenant stand still.
async fn behind(pool: &PgPool, tenant: TenantId, position: i64) -> anyhow::Result<Vec<&'static str>> {
    let since = Instant::now();
    loop {
        let parked = checkpoint::parked(pool).await?;
        let mut behind = Vec::new();
        for name in registry().iter().map(projections::ReadModel::name) {
            let stands_still =
                parked.iter().any(|parked| parked.view == name && parked.tenant_id == tenant.as_uuid());
            if stands_still || checkpoint::position(pool, name).await? < position {
                behind.push(name);
            }
        }
        if behind.is_empty() || since.elapsed() > PATIENCE {
            return Ok(behind);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
