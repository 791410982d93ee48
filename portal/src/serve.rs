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
use edge::{Check, Identity, Limits, Listener, Role, SigningKey, Tls, WebPolicy};
use event_store::Duty;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

use crate::config::{AdminArgs, DEMO_TENANT, ListenArgs, SiteArgs};
use crate::maintain::apply_migrations;
use crate::roles::Roles;
use crate::sampler::Sampler;
use crate::site::{Site, write_private};
use crate::{admin, hardened, metrics, token};

/// Minutes for which the token in the printed example is valid.
const EXAMPLE_TOKEN_MINUTES: u64 = 24 * 60;

/// Connections that operators may have at a time.
const OPERATORS: usize = 64;

/// How to run everything in one process.
#[derive(Args)]
pub struct ServeArgs {
    /// Bring a private PostgreSQL and NATS along, in the folder .crm, with a demo tenant
    #[arg(long, conflicts_with_all = ["database_url", "nats_url", "database_url_file", "nats_url_file"])]
    embedded: bool,
    /// Address and port; by default 127.0.0.1:8080, or a free port if that is taken and the servers are embedded
    #[arg(long, env = "CRM_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
    #[command(flatten)]
    admin: AdminArgs,
}

/// Where an API listens, and where it tells operators how it is.
#[derive(Args)]
pub struct ApiArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    admin: AdminArgs,
}

impl ApiArgs {
    /// The certificate by which it is served, if there is one; if there has to be, there is.
    fn tls(&self, args: &SiteArgs) -> anyhow::Result<Option<Tls>> {
        hardened::check_serving(args, [&self.listen.listen].into_iter().chain(&self.admin.admin_listen))?;
        args.tls.own()
    }
}

/// Everything in one process.
pub async fn serve(args: &SiteArgs, serve: ServeArgs) -> anyhow::Result<ExitCode> {
    hardened::check_serving(args, serve.listen.iter().chain(&serve.admin.admin_listen))?;
    let tls = args.tls.own()?;
    // From here on Ctrl-C is heard: what was started by then is stopped in order.
    let stop = stopped()?;
    let mut site = if serve.embedded { Site::embedded(args).await? } else { Site::external(args).await? };
    let ended = run_all(args, &mut site, &serve, tls, stop).await;
    site.close().await?;
    ended
}

async fn run_all(
    args: &SiteArgs,
    site: &mut Site,
    serve: &ServeArgs,
    tls: Option<Tls>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    if serve.embedded {
        apply_migrations(&site.database_url).await?;
        ensure_development_key(args)?;
    }
    let gathered = metrics::install()?;
    let listener = Listener::new(listener(serve).await?, tls.clone());
    let api = listener.url()?;
    let operators = admin_listener(serve).await?.map(|listener| Listener::new(listener, tls));
    let operated = operators.as_ref().map(Listener::url).transpose()?;
    let roles = Roles::new(args, site);
    let (commands, _sending) = roles.commands(&api)?;
    let queries = roles.queries().await?;
    let mut workers = roles.project(commands.store().appended()).await?;
    if serve.embedded {
        let tenant = TenantId::parse(DEMO_TENANT)?;
        let context = command_api::Context::new(tenant, "crm", "demo tenant");
        ensure_default(&commands, &context).await.context("cannot set up the demo tenant")?;
        print_welcome(args, &api, operated, tenant)?;
    } else {
        if let Some(operated) = operated {
            println!("crm tells operators on {operated}");
        }
        println!("crm listens on {api}");
    }
    let sampler = roles.sampler().await?;
    let checks = checks(&roles, Duty::Reader, &sampler)?;
    let _operators =
        operators.map(|listener| serve_operators(listener, admin::router(gathered, checks.clone())));
    let apis = command_api::router(commands)
        .merge(query_api::router(queries))
        .merge(edge::jwks::router(&roles.keys()?));
    let web = roles.web_policy();
    let (router, trail) = (roles.site(apis, checks)?, roles.trail()?);
    let served = tokio::select! {
        served = run(listener, router, args.limits(), &web, stop) => served,
        died = site.died() => Err(died.into()),
        ended = workers.join_next() => Err(worker_ended(ended)),
    };
    drop(workers);
    trail.flush().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Only the command API.
pub async fn command_api(args: &SiteArgs, api: &ApiArgs) -> anyhow::Result<ExitCode> {
    let tls = api.tls(args)?;
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let gathered = metrics::install()?;
    let (commands, _sending) = roles.commands(&format!("{}://{}", args.tls.scheme(), api.listen.listen))?;
    let router = command_api::router(commands).merge(edge::jwks::router(&roles.keys()?));
    one_api(args, &roles, gathered, router, Duty::Appender, api, tls).await
}

/// Only the query API.
pub async fn query_api(args: &SiteArgs, api: &ApiArgs) -> anyhow::Result<ExitCode> {
    let tls = api.tls(args)?;
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let gathered = metrics::install()?;
    let router = query_api::router(roles.queries().await?).merge(edge::jwks::router(&roles.keys()?));
    one_api(args, &roles, gathered, router, Duty::Reader, api, tls).await
}

async fn one_api(
    args: &SiteArgs,
    roles: &Roles<'_>,
    gathered: PrometheusHandle,
    router: Router,
    duty: Duty,
    api: &ApiArgs,
    tls: Option<Tls>,
) -> anyhow::Result<ExitCode> {
    let sampler = roles.sampler().await?;
    let checks = checks(roles, duty, &sampler)?;
    let listener = Listener::new(bind(&api.listen.listen).await?, tls.clone());
    let _operators = match &api.admin.admin_listen {
        Some(address) => {
            let listener = bind_operators(address, tls).await?;
            Some(serve_operators(listener, admin::router(gathered, checks.clone())))
        }
        None => None,
    };
    println!("crm listens on {}", listener.url()?);
    let web = roles.web_policy();
    let router = roles.site(router, checks)?;
    let served = run(listener, router, args.limits(), &web, stopped()?).await;
    roles.trail()?.flush().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// What an API needs, and what it can do without for a while: commands are taken without NATS, reads tell themselves how old their
/// data is, and whoever is signed in stays so without the Redis of shared limits.
fn checks(roles: &Roles<'_>, duty: Duty, sampler: &Sampler) -> anyhow::Result<Vec<Check>> {
    let mut checks = vec![
        roles.database_check(duty)?,
        roles.schema_check(),
        sampler.nats_check().told_only(),
        sampler.late_check().told_only(),
    ];
    checks.extend(roles.limits_check().map(Check::told_only));
    Ok(checks)
}

/// Serves operators for as long as the returned set is kept.
fn serve_operators(listener: Listener, router: Router) -> JoinSet<()> {
    let operators = Limits { connections: OPERATORS, ..Limits::default() };
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        if let Err(error) = edge::serve(listener, router, operators, std::future::pending()).await {
            tracing::error!(%error, "operators are not served any more");
        }
    });
    serving
}

/// Only the relay and the projections.
pub async fn projector(args: &SiteArgs, operators: &AdminArgs) -> anyhow::Result<ExitCode> {
    hardened::check_serving(args, &operators.admin_listen)?;
    let tls = args.tls.own()?;
    let site = Site::external(args).await?;
    let roles = Roles::new(args, &site);
    let gathered = metrics::install()?;
    let mut workers = roles.project(Arc::new(Notify::new())).await?;
    let sampler = roles.sampler().await?;
    let listener = match &operators.admin_listen {
        Some(address) => Some(bind_operators(address, tls).await?),
        None => None,
    };
    println!("crm projects");
    let checks = vec![
        roles.database_check(Duty::Projector)?,
        roles.schema_check(),
        sampler.nats_check(),
        roles.parked_check()?,
        sampler.late_check(),
    ];
    let told = async {
        match listener {
            Some(listener) => {
                run(
                    listener,
                    admin::router(gathered, checks),
                    args.limits(),
                    &WebPolicy::default(),
                    stopped()?,
                )
                .await
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

async fn run(
    listener: Listener,
    router: Router,
    limits: Limits,
    web: &WebPolicy,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    Ok(edge::serve_for(listener, router, limits, web, stop).await?)
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

/// Where operators are served: where they want to be; else, with embedded servers, on a port of this machine.
async fn admin_listener(serve: &ServeArgs) -> anyhow::Result<Option<TcpListener>> {
    const USUAL: &str = "127.0.0.1:9464";
    match &serve.admin.admin_listen {
        Some(address) => Ok(Some(bind(address).await?)),
        None if serve.embedded => match TcpListener::bind(USUAL).await {
            Ok(listener) => Ok(Some(listener)),
            Err(_) => Ok(Some(bind("127.0.0.1:0").await?)),
        },
        None => Ok(None),
    }
}

/// Says where operators are served, since the port may have been left open.
async fn bind_operators(address: &str, tls: Option<Tls>) -> anyhow::Result<Listener> {
    let listener = Listener::new(bind(address).await?, tls);
    println!("crm tells operators on {}", listener.url()?);
    Ok(listener)
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

fn print_welcome(
    args: &SiteArgs,
    api: &str,
    operators: Option<String>,
    tenant: TenantId,
) -> anyhow::Result<()> {
    let key = args.own_key()?;
    let roles = vec![Role::Admin];
    let identity = Identity::new("demo", tenant, roles);
    let token = token::mint(&key, &identity, EXAMPLE_TOKEN_MINUTES)?;
    let pipeline = default_pipeline_id(tenant);
    let metrics = operators.map_or_else(String::new, |at| format!("\n  Metrics     {at}/metrics"));
    println!(
        "\
The CRM is running.

  API         {api}/api/v1
  API docs    {api}/docs{metrics}
  Board       curl -s -H 'Authorization: Bearer {token}' {api}/api/v1/pipelines/{pipeline}/board

`crm token --help` makes other tokens. Data is kept in {}. Ctrl-C stops it.",
        args.dir.display()
    );
    Ok(())
}
