//! `crm import`: leads and opportunities from CSV files, by a map that tells which columns become which fields.
//!
//! Each row becomes the commands that the API takes, so that the same rules hold. Everything about a run derives from
//! its files: it can be killed and started again, and a finished one is not repeated.

mod becomes;
mod cells;
mod columns;
mod deals;
mod entry;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod help;
mod identity;
mod leads;
mod map;
mod past;
mod plan;
mod prepare;
mod rejects;
mod send;
mod table;
mod tally;
mod template;
mod undo;
mod written;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use command_api::CommandApi;
use domain::TenantId;

use crate::config::{DEMO_TENANT, SiteArgs};
use crate::roles::in_process;
use crate::site::Site;
use file::ImportArgs;
use past::Progress;
use undo::UndoArgs;

/// Connections to the log.
const CONNECTIONS: u32 = 16;

/// What to do, and for whom.
#[derive(Args)]
pub struct ImportCommand {
    /// The tenant; by default the demo tenant
    #[arg(long, global = true, default_value = DEMO_TENANT)]
    tenant: TenantId,
    /// Who acts: what histories will show
    #[arg(long, global = true, default_value = "import", value_name = "NAME")]
    actor: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make an opportunity of each row of a file
    #[command(after_help = help::DEALS)]
    Opportunities(ImportArgs),
    /// Make a lead of each row of a file
    #[command(after_help = help::LEADS)]
    Leads(ImportArgs),
    /// Withdraw what an import brought, except what others have touched since
    Undo(UndoArgs),
    /// List the imports of the tenant
    List,
}

/// Does it.
pub async fn import(args: &SiteArgs, command: &ImportCommand) -> anyhow::Result<ExitCode> {
    // What is wrong with files is found before anything is started or connected.
    let work = match &command.what {
        What::Opportunities(args) => Work::Deals(args.read::<deals::Deals>()?),
        What::Leads(args) => Work::Leads(args.read::<leads::Leads>()?),
        What::Undo(args) => Work::Undo(args),
        What::List => Work::List,
    };
    let site = Site::open(args).await?;
    let done = async {
        let app = in_process(args, &site, CONNECTIONS)?;
        work.run(&app, command.tenant, &command.actor).await
    };
    let done = done.await;
    site.close().await?;
    done
}

enum Work<'a> {
    Deals(file::Ready<'a>),
    Leads(file::Ready<'a>),
    Undo(&'a UndoArgs),
    List,
}

impl Work<'_> {
    async fn run(self, app: &CommandApi, tenant: TenantId, actor: &str) -> anyhow::Result<ExitCode> {
        match self {
            Self::Deals(ready) => ready.import_deals(app, tenant, actor).await,
            Self::Leads(ready) => ready.import_leads(app, tenant, actor).await,
            Self::Undo(args) => args.run(app, tenant, actor).await,
            Self::List => list(app, tenant).await,
        }
    }
}

async fn list(app: &CommandApi, tenant: TenantId) -> anyhow::Result<ExitCode> {
    let imports = past::imports(app, tenant).await.context("cannot list the imports")?;
    for past in &imports {
        let kind: &str = past.kind.into();
        let status = match past.progress {
            Progress::Unfinished => "unfinished".to_owned(),
            Progress::Finished { accepted, rejected } => {
                format!("finished: {accepted} accepted, {rejected} rejected")
            }
            Progress::Undone { withdrawn, kept } => format!("undone: {withdrawn} withdrawn, {kept} kept"),
        };
        let started = past.started_at.format("%Y-%m-%d %H:%M UTC");
        println!("{}  {started}  {kind}  {}, {} rows  {status}", past.id, past.file, past.rows);
    }
    if imports.is_empty() {
        println!("this tenant has no imports");
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
