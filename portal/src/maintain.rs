//! `crm migrate`, `crm rebuild`, `crm resume`: work on the database, beside the running services.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::TenantId;
use event_store::Upcasters;
use projections::rebuild::{Comparison, Then, rebuild as rebuild_view};
use projections::resume::{Resumed, resume as resume_view};
use projections::{ReadModel, registry};
use sqlx::{Connection, PgConnection};

use crate::config::SiteArgs;
use crate::progress::{bar, count};
use crate::site::Site;

/// Which read models to rebuild, and what to do then.
#[derive(Args)]
pub struct RebuildArgs {
    /// Read models; all if none is named
    #[arg(value_name = "VIEW")]
    views: Vec<String>,
    /// Only compare; do not switch
    #[arg(long)]
    check: bool,
}

/// What to let go on.
#[derive(Args)]
pub struct ResumeArgs {
    /// The read model
    view: String,
    /// The tenant
    #[arg(long)]
    tenant: String,
}

/// Brings the schema up to date.
pub async fn migrate(args: &SiteArgs) -> anyhow::Result<ExitCode> {
    let site = Site::open(args).await?;
    let applied = apply_migrations(&site.database_url).await?;
    println!("the schema is up to date; {applied} migrations applied now");
    site.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Applies what is missing; tells how many migrations that were.
pub async fn apply_migrations(database_url: &str) -> anyhow::Result<usize> {
    let mut connection = PgConnection::connect(database_url).await?;
    let before = applied(&mut connection).await;
    migrations::MIGRATOR.run(&mut connection).await.context("cannot migrate the database")?;
    let after = applied(&mut connection).await;
    connection.close().await?;
    Ok(after - before)
}

/// How many migrations of this build the database lacks.
pub async fn missing_migrations(database_url: &str) -> anyhow::Result<usize> {
    let mut connection = PgConnection::connect(database_url).await?;
    let applied = applied(&mut connection).await;
    connection.close().await?;
    Ok(migrations::MIGRATOR.iter().count().saturating_sub(applied))
}

async fn applied(connection: &mut PgConnection) -> usize {
    // The table is not there before the first migration.
    let count: Result<i64, _> =
        sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(connection).await;
    count.ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

/// The read models of these names, or all.
pub fn named_views(names: &[String]) -> anyhow::Result<Vec<ReadModel>> {
    let all = registry();
    for name in names {
        if !all.iter().any(|model| model.name() == name) {
            let known: Vec<&str> = all.iter().map(ReadModel::name).collect();
            bail!("there is no read model {name:?}; there are {}", known.join(", "));
        }
    }
    Ok(all
        .into_iter()
        .filter(|model| names.is_empty() || names.iter().any(|name| name == model.name()))
        .collect())
}

/// Rebuilds one read model after the other.
pub async fn rebuild(args: &SiteArgs, rebuild: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let models = named_views(&rebuild.views)?;
    let then = if rebuild.check { Then::Discard } else { Then::Switch };
    let site = Site::open(args).await?;
    let reading = args.reading()?;
    let mut connection = PgConnection::connect(&site.database_url).await?;
    let mut equal = true;
    for model in models {
        let comparison = rebuild_with_bar(&mut connection, &model, reading, then).await?;
        equal &= comparison.differing == 0;
        println!("{}", describe(&model, &comparison));
        if then == Then::Switch {
            println!("{}: switched to the rebuilt version", model.name());
        }
    }
    connection.close().await?;
    site.close().await?;
    Ok(if rebuild.check && !equal { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Fills, compares and then switches or discards, with a bar.
pub async fn rebuild_with_bar(
    connection: &mut PgConnection,
    model: &ReadModel,
    reading: Upcasters,
    then: Then,
) -> anyhow::Result<Comparison> {
    let shown = bar(model.name(), 0);
    let comparison = rebuild_view(connection, model, reading, then, |progress| {
        shown.set_length(count(progress.live));
        shown.set_position(count(progress.position));
    })
    .await
    .with_context(|| format!("cannot rebuild {}", model.name()))?;
    shown.finish_and_clear();
    Ok(comparison)
}

/// The outcome of a comparison in a line, with the first difference if there is one.
pub fn describe(model: &ReadModel, comparison: &Comparison) -> String {
    let Comparison { position, rows, differing, first, parked } = comparison;
    let name = model.name();
    let mut text = match first {
        None => format!("{name}: {rows} rows at position {position}, the live ones are equal"),
        Some(first) => format!(
            "{name}: {rows} rows at position {position}, {differing} of the live ones differ; the first is {} of \
             tenant {}\n  live:    {}\n  rebuilt: {}",
            first.id,
            first.tenant_id,
            first.live.as_deref().unwrap_or("no row"),
            first.rebuilt.as_deref().unwrap_or("no row"),
        ),
    };
    if *parked > 0 {
        text += &format!("\n{name}: {parked} tenants stand still at an event that cannot be folded");
    }
    text
}

/// Lets a tenant's rows go on.
pub async fn resume(args: &SiteArgs, resume: &ResumeArgs) -> anyhow::Result<ExitCode> {
    let models = named_views(std::slice::from_ref(&resume.view))?;
    let [model] = models.as_slice() else { bail!("name one read model") };
    let tenant = TenantId::parse(&resume.tenant).context("--tenant must be a UUID")?;
    let site = Site::open(args).await?;
    let mut connection = PgConnection::connect(&site.database_url).await?;
    let resumed = resume_view(&mut connection, model, tenant.as_uuid(), args.reading()?).await?;
    let code = match resumed {
        Resumed::WasNotParked => {
            println!("{}: this tenant does not stand still", model.name());
            ExitCode::SUCCESS
        }
        Resumed::CaughtUp { from, to } => {
            println!("{}: folded from position {from} to {to}, and goes on", model.name());
            ExitCode::SUCCESS
        }
        Resumed::Stopped(parked) => {
            println!(
                "{}: stopped at position {} ({}): {}",
                model.name(),
                parked.position,
                parked.event_type,
                parked.error
            );
            ExitCode::FAILURE
        }
    };
    connection.close().await?;
    site.close().await?;
    Ok(code)
}

/// How this build reads events of older builds.
pub fn upcasters() -> Upcasters {
    Upcasters::default()
}
