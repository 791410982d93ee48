//! `crm serve`, `crm command-api`, `crm query-api`, `crm projector`: services that run until they are told to stop.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use clap::Args;
use command_api::sales::pipeline::ensure_default;
use domain::TenantId;
use domain::sales::pipeline::default_pipeline_id;
use edge::{Identity, Role, SigningKey};
use event_store::Duty;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinError;

use crate::config::{DEMO_TENANT, HealthArgs, ListenArgs, SiteArgs};
use crate::maintain::apply_migrations;
use crate::roles::{Roles, site_router};
use crate::site::{Site, write_private};
use crate::token;

/// Minutes for which the token in the printed example is valid.
const EXAMPLE_TOKEN_MINUTES: u64 = 24 * 60;

/// How to run everything in one process.
#[derive(Args)]
pub struct ServeArgs {
    /// Bring a private PostgreSQL and NATS along, in the folder .crm, with a demo tenant
    #[arg(long, conflicts_with_all = ["database_url", "nats_url"])]
    embedded: bool,
    /// Address and port; by default 127.0.0.1:8080, or a free port if that is taken and the servers are embedded
    #[arg(long, env = "CRM_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

/// Everything in one process.
pub async fn serve(args: &SiteArgs, serve: ServeArgs) -> anyhow::Result<ExitCode> {
    // From here on Ctrl-C is heard: what was started by then is stopped in order.
    let stop = stopped()?;
    let mut site = if serve.embedded { Site::embedded(args).await? } else { Site::external(args).await? };
    let ended = run_all(args, &mut site, &serve, stop).await;
    site.close().await?;
    ended
}

async fn run_all(
    args: &SiteArgs,
    site: &mut Site,
    serve: &ServeArgs,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    if serve.embedded {
        apply_migrations(&site.database_url).await?;
        ensure_development_key(args)?;
    }
    let listener = listener(serve).await?;
    let address = listener.local_addr()?;
    let roles = Roles::new(args, site);
    let commands = roles.commands()?;
    let queries = roles.queries().await?;
    let mut workers = roles.project(commands.store().appended()).await?;
    if serve.embedded {
        let tenant = TenantId::parse(DEMO_TENANT)?;
        let context = command_api::Context::new(tenant, "crm", "demo tenant");
        ensure_default(&commands, &context).await.context("cannot set up the demo tenant")?;
        print_welcome(args, &address.to_string(), tenant)?;
    } else {
        println!("crm listens on http://{address}");
    }
    let checks = vec![roles.database_check(Duty::Reader)?];
    let apis = command_api::router(commands).merge(query_api::router(queries));
    let served = tokio::select! {
        served = run(listener, site_router(apis, checks), stop) => served,
        died = site.died() => Err(died.into()),
        ended = workers.join_next() => Err(worker_ended(ended)),
    };
    drop(workers);
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Only the command API.
pub async fn command_api(args: &SiteArgs, listen: &ListenArgs) -> anyhow::Result<ExitCode> {
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let api = command_api::router(roles.commands()?);
    one_api(api, roles.database_check(Duty::Appender)?, &listen.listen).await
}

/// Only the query API.
pub async fn query_api(args: &SiteArgs, listen: &ListenArgs) -> anyhow::Result<ExitCode> {
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let api = query_api::router(roles.queries().await?);
    one_api(api, roles.database_check(Duty::Reader)?, &listen.listen).await
}

async fn one_api(api: Router, check: edge::Check, listen: &str) -> anyhow::Result<ExitCode> {
    let listener = bind(listen).await?;
    println!("crm listens on http://{}", listener.local_addr()?);
    run(listener, site_router(api, vec![check]), stopped()?).await?;
    Ok(ExitCode::SUCCESS)
}

/// Only the relay and the projections.
pub async fn projector(args: &SiteArgs, health: &HealthArgs) -> anyhow::Result<ExitCode> {
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let mut workers = roles.project(Arc::new(Notify::new())).await?;
    println!("crm projects");
    let checks = vec![roles.database_check(Duty::Projector)?, roles.parked_check()?];
    let told = async {
        match &health.health_listen {
            Some(address) => {
                let router = edge::finish(edge::health::router(checks));
                run(bind(address).await?, router, stopped()?).await
            }
            None => {
                stopped()?.await;
                Ok(())
            }
        }
    };
    tokio::select! {
        told = told => told?,
        ended = workers.join_next() => return Err(worker_ended(ended)),
    }
    Ok(ExitCode::SUCCESS)
}

/// The relay and the projections never end by themselves; a process without one of them must not look healthy.
fn worker_ended(ended: Option<Result<(), JoinError>>) -> anyhow::Error {
    match ended {
        Some(Err(error)) => anyhow::Error::new(error).context("the relay or a projection failed"),
        Some(Ok(())) | None => anyhow::anyhow!("the relay or a projection ended"),
    }
}

async fn run(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    Ok(edge::serve(listener, router, stop).await?)
}

/// Ready on Ctrl-C or when a process manager asks to end.
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn listener(serve: &ServeArgs) -> anyhow::Result<TcpListener> {
    const USUAL: &str = "127.0.0.1:8080";
    match &serve.listen {
        Some(address) => bind(address).await,
        None => match TcpListener::bind(USUAL).await {
            Ok(listener) => Ok(listener),
            Err(_) if serve.embedded => bind("127.0.0.1:0").await,
            Err(_) => bail!("cannot listen on {USUAL}; choose another address with --listen or CRM_LISTEN"),
        },
    }
}

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen or CRM_LISTEN")
    })
}

fn ensure_development_key(args: &SiteArgs) -> anyhow::Result<()> {
    let file = args.development_key();
    if !file.exists() {
        write_private(&file, SigningKey::generate()?.to_pem()?.as_bytes())?;
    }
    Ok(())
}

fn print_welcome(args: &SiteArgs, address: &str, tenant: TenantId) -> anyhow::Result<()> {
    let key = SigningKey::from_pem(&std::fs::read_to_string(args.development_key())?)?;
    let roles = vec![Role::Admin];
    let identity = Identity { subject: "demo".to_owned(), tenant, roles };
    let token = token::mint(&key, &identity, EXAMPLE_TOKEN_MINUTES)?;
    let pipeline = default_pipeline_id(tenant);
    println!(
        "\
The CRM is running.

  API         http://{address}/api/v1
  API docs    http://{address}/docs
  Board       curl -s -H 'Authorization: Bearer {token}' http://{address}/api/v1/pipelines/{pipeline}/board

`crm token --help` makes other tokens. Data is kept in {}. Ctrl-C stops it.",
        args.dir.display()
    );
    Ok(())
}
