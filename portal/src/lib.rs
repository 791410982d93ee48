//! `crm`: the one binary. Roles, configuration, telemetry, and the command line.
//!
//! Job: read the configuration, connect to PostgreSQL and NATS, and run what was asked for.
//! Used by: people and process managers, by way of the binary; fuzz targets, by way of `fuzzing`.
//! Never here: rules, SQL of a context other than that of operators' commands, HTTP handlers.

mod admin;
mod analyst;
mod config;
mod erase;
mod exported;
mod federation;
mod hardened;
mod heads;
mod import;
mod login;
mod maintain;
mod metrics;
mod post;
mod progress;
mod replay;
mod rewrap;
mod roles;
mod sampler;
mod secret_file;
mod serve;
mod service;
mod site;
mod standing;
mod status;
mod telemetry;
mod tenant;
mod tls;
mod token;
mod user;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "fuzzing")]
pub use import::fuzzing;
#[cfg(feature = "fuzzing")]
pub use maintain::upcasters;

/// A CRM whose every change is an event in a log that is never rewritten.
#[derive(Parser)]
#[command(name = "crm", version, about, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
To try it out:   crm serve --embedded
Without --embedded, DATABASE_URL and NATS_URL name the servers. The other commands find the servers of a
`crm serve --embedded` in the same folder by themselves.
What is secret may come by a file: DATABASE_URL_FILE, NATS_URL_FILE, REDIS_URL_FILE, SMTP_URL_FILE, CRM_MASTER_KEY_FILE
and OTEL_EXPORTER_OTLP_HEADERS_FILE name it.")]
struct Cli {
    #[command(flatten)]
    site: config::SiteArgs,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything in one process: command API, query API, relay and projections.
    Serve(serve::ServeArgs),
    /// Run the command API: HTTP in, events out.
    CommandApi(serve::ApiArgs),
    /// Run the query API: HTTP reads of the read models and of the log.
    QueryApi(serve::ApiArgs),
    /// Run the relay to NATS and all projections. Several may run: one works, the others stand by.
    Projector(config::AdminArgs),
    /// Show how far everything is: the log, the relay, each read model.
    Status(status::StatusArgs),
    /// Bring the database to the schema of this build. `serve --embedded` does it by itself.
    Migrate,
    /// Print the OpenAPI 3.1 document of both APIs.
    Openapi,
    /// Print a bearer token for development.
    Token(token::TokenArgs),
    /// Begin tenants, each with a link for its first admin, and list them.
    Tenant(tenant::TenantArgs),
    /// Open accounts and set passwords: the first admin of a tenant comes from here.
    User(user::UserCommand),
    /// Erase who a lead or a user is, for good: destroy the key of their personal data, and clear it from all read models.
    Erase(erase::EraseArgs),
    /// Wrap the keys of all tenants by the first of the master keys in CRM_MASTER_KEY, so that the others can be given up.
    Rewrap,
    /// Let people read the read models of a tenant with SQL: create, list and drop their logins.
    Analyst(analyst::AnalystCommand),
    /// Give each service a login of its own, which may do what its duties take: create, list and drop them.
    Service(service::ServiceCommand),
    /// Bring leads and opportunities in from CSV files, or take an import back.
    Import(import::ImportCommand),
    /// Fill a read model anew from the log beside the live one, compare the two, and switch. Reads go on.
    Rebuild(maintain::RebuildArgs),
    /// Let the rows of a tenant go on, after what stopped them was mended.
    Resume(maintain::ResumeArgs),
    /// Print events of the log as JSON lines: who changed what, when and why.
    Replay(replay::ReplayArgs),
    /// Read the whole log and prove that nothing is missing or unreadable, that nothing changed since an earlier run
    /// sealed it, and that read models are true to it.
    Verify(verify::VerifyArgs),
}

impl Task {
    /// What it is called where its spans are collected.
    fn service(&self) -> &'static str {
        match self {
            Task::CommandApi(_) => "crm-command-api",
            Task::QueryApi(_) => "crm-query-api",
            Task::Projector(_) => "crm-projector",
            Task::Serve(_)
            | Task::Status(_)
            | Task::Migrate
            | Task::Openapi
            | Task::Token(_)
            | Task::Tenant(_)
            | Task::User(_)
            | Task::Erase(_)
            | Task::Rewrap
            | Task::Analyst(_)
            | Task::Service(_)
            | Task::Import(_)
            | Task::Rebuild(_)
            | Task::Resume(_)
            | Task::Replay(_)
            | Task::Verify(_) => "crm",
        }
    }
}

/// Does what the command line asks for.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let telemetry = telemetry::Telemetry::start(&cli.site, cli.task.service());
    let done = cli.done().await;
    telemetry.stop().await;
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("crm: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    async fn done(mut self) -> anyhow::Result<ExitCode> {
        self.site.read_secrets()?;
        let site = &self.site;
        match self.task {
            Task::Serve(args) => serve::serve(site, args).await,
            Task::CommandApi(args) => serve::command_api(site, &args).await,
            Task::QueryApi(args) => serve::query_api(site, &args).await,
            Task::Projector(args) => serve::projector(site, &args).await,
            Task::Status(args) => status::status(site, &args).await,
            Task::Migrate => maintain::migrate(site).await,
            Task::Openapi => roles::print_openapi(),
            Task::Token(args) => token::token(site, &args),
            Task::Tenant(args) => tenant::tenant(site, &args).await,
            Task::User(command) => user::user(site, &command).await,
            Task::Erase(args) => erase::erase(site, &args).await,
            Task::Rewrap => rewrap::rewrap(site).await,
            Task::Analyst(command) => analyst::analyst(site, &command).await,
            Task::Service(command) => service::service(site, &command).await,
            Task::Import(command) => import::import(site, &command).await,
            Task::Rebuild(args) => maintain::rebuild(site, &args).await,
            Task::Resume(args) => maintain::resume(site, &args).await,
            Task::Replay(args) => replay::replay(site, &args).await,
            Task::Verify(args) => verify::verify(site, &args).await,
        }
    }
}
