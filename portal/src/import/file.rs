//! `crm import opportunities` and `crm import leads`.

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use command_api::sales::import;
use command_api::{CommandApi, Context};
use cqrs_es::Aggregate as _;
use domain::sales::import::Source;
use domain::sales::pipeline::{Pipeline, default_pipeline, default_pipeline_id};
use domain::{Command, PipelineId, TenantId, Text};
use futures::{Stream, StreamExt as _, stream};

use super::becomes::{Becomes, Step};
use super::deals::Deals;
use super::identity::{Standing, standing};
use super::leads::Leads;
use super::past::{self, Past, Progress};
use super::plan::{FileArgs, Plan};
use super::prepare::{Preparation, Prepared};
use super::rejects::Rejects;
use super::send::{Outcome, Sender, Taken};
use super::table::DISK;
use super::tally::Tally;
use crate::progress::bar;

/// What to import, and how.
#[derive(Args)]
#[command(next_help_heading = "Import")]
pub struct ImportArgs {
    #[command(flatten)]
    files: FileArgs,
    /// Only tell what would happen: every row is mapped and every rule asked, and nothing is appended
    #[arg(long)]
    dry_run: bool,
    /// Where rows go that are left out, with line and reason; by default <FILE>.rejects.csv in the current folder
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Rows that are under way at a time
    #[arg(long, default_value_t = 64, value_name = "ROWS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Bring in all rows once more, although this file was imported before by another map
    #[arg(long)]
    again: bool,
}

/// A file that was read and fits its map.
pub struct Ready<'a> {
    args: &'a ImportArgs,
    plan: Plan,
}

impl ImportArgs {
    /// Reads all files.
    ///
    /// # Errors
    /// Whatever is wrong with them.
    pub fn read<B: Becomes>(&self) -> anyhow::Result<Ready<'_>> {
        Ok(Ready { args: self, plan: Plan::read(&self.files, B::FIELDS, DISK)? })
    }
}

impl Ready<'_> {
    /// Makes opportunities of the rows.
    pub async fn import_deals(
        &self,
        app: &CommandApi,
        tenant: TenantId,
        actor: &str,
    ) -> anyhow::Result<ExitCode> {
        let pipelines = past::pipelines(app, tenant).await?;
        let deals = match (&self.plan.pipeline, default_pipeline_id(tenant)) {
            (None, id) => match pipelines.into_iter().find(|(known, _)| *known == id) {
                Some((id, pipeline)) => Deals { id, pipeline },
                None => Deals { id, pipeline: unborn_default(tenant, app.now())? },
            },
            (Some(wanted), _) => named(wanted, pipelines)?,
        };
        self.import(&deals, app, tenant, actor).await
    }

    /// Makes leads of the rows.
    pub async fn import_leads(
        &self,
        app: &CommandApi,
        tenant: TenantId,
        actor: &str,
    ) -> anyhow::Result<ExitCode> {
        self.import(&Leads, app, tenant, actor).await
    }

    async fn import<B: Becomes>(
        &self,
        subject: &B,
        app: &CommandApi,
        tenant: TenantId,
        actor: &str,
    ) -> anyhow::Result<ExitCode> {
        let begun = Instant::now();
        let file = self.plan.table.name();
        let id = match self.standing::<B>(app, tenant).await? {
            Standing::Finished(past) => {
                println!("{file} was imported before: {}", describe(&past));
                return Ok(ExitCode::SUCCESS);
            }
            Standing::Interrupted(id) | Standing::New(id) => id,
        };
        let mut preparation = Preparation::new(subject, &self.plan, id, app.now())?;
        let rows = self.plan.table.rows().map(|raw| Ok(preparation.prepare(raw?)));
        let mut rejects = Rejects::new(&self.plan.table, self.args.rejects.as_deref())?;
        let tally = if self.args.dry_run {
            let outcomes = rows.map(|row: anyhow::Result<_>| row.map(|row: Result<_, _>| row.map(rehearsed)));
            self.tally(stream::iter(outcomes), &mut rejects).await?
        } else {
            let own = Context::new(tenant, actor, id.to_string());
            subject.make_ready(app, &own).await.context("cannot begin")?;
            import::start(app, &own, id, self.source::<B>()?).await.context("cannot start the import")?;
            let sender = Sender { app, tenant, actor, import: id };
            let outcomes = sender.send_all(subject, rows, self.args.concurrency.into());
            let tally = self.tally(outcomes, &mut rejects).await?;
            import::finish(app, &own, id, tally.accepted, tally.rejected)
                .await
                .context("cannot finish the import")?;
            tally
        };
        match self.args.dry_run {
            true => println!("tried {file}; nothing was appended"),
            false => println!("imported {file}"),
        }
        println!("{}\n  import    {id}", tally.summary(begun.elapsed()));
        if let Some(path) = rejects.path() {
            print!("rejected rows are in {}, with their reasons:\n{tally}", path.display());
        }
        Ok(if tally.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    async fn standing<B: Becomes>(&self, app: &CommandApi, tenant: TenantId) -> anyhow::Result<Standing> {
        let imports = past::imports(app, tenant).await?;
        let standing_if = |again| standing(tenant, B::KIND, &self.plan, &imports, again);
        match standing_if(self.args.again) {
            Err(refusal) if self.args.dry_run => {
                println!("the import would be refused: {refusal}");
                standing_if(true)
            }
            standing => standing,
        }
    }

    fn source<B: Becomes>(&self) -> anyhow::Result<Source> {
        let file = Text::parse(&self.plan.table.name()).context("the name of the file")?;
        let sha256 = Text::parse(&self.plan.file_sha256)?;
        Ok(Source { kind: B::KIND, file, sha256, rows: self.plan.rows })
    }

    /// Counts the outcomes, and writes rejected rows down.
    async fn tally(
        &self,
        outcomes: impl Stream<Item = anyhow::Result<Outcome>>,
        rejects: &mut Rejects,
    ) -> anyhow::Result<Tally> {
        let shown = bar("importing", self.plan.rows.into());
        let mut outcomes = pin!(outcomes);
        let mut tally = Tally::default();
        while let Some(outcome) = outcomes.next().await {
            match outcome? {
                Ok(commands) => tally.accept(commands),
                Err(rejected) => {
                    tally.reject(rejected.line, &rejected.reason);
                    rejects.add(&rejected)?;
                }
            }
            shown.inc(1);
        }
        rejects.flush()?;
        shown.finish_and_clear();
        Ok(tally)
    }
}

/// The pipeline of this id or name.
fn named(wanted: &str, pipelines: Vec<(PipelineId, Pipeline)>) -> anyhow::Result<Deals> {
    let name = |pipeline: &Pipeline| match pipeline {
        Pipeline::Live { name, .. } => name.to_string(),
        Pipeline::Unborn => String::new(),
    };
    let names: Vec<String> = pipelines.iter().map(|(_, pipeline)| name(pipeline)).collect();
    let is_it = |(id, pipeline): &(PipelineId, Pipeline)| {
        PipelineId::parse(wanted) == Ok(*id) || name(pipeline).to_lowercase() == wanted.to_lowercase()
    };
    let mut found = pipelines.into_iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some((id, pipeline)), None) => Ok(Deals { id, pipeline }),
        (Some(_), Some(_)) => {
            bail!("there are several pipelines {wanted:?}; the map must name one by its id")
        }
        (None, _) if names.is_empty() => bail!("there is no pipeline {wanted:?}, nor any other"),
        (None, _) => bail!("there is no pipeline {wanted:?}; there are {}", names.join(", ")),
    }
}

/// The default pipeline as it will be when the import begins.
pub(super) fn unborn_default(tenant: TenantId, now: DateTime<Utc>) -> anyhow::Result<Pipeline> {
    let mut pipeline = Pipeline::default();
    let created = pipeline.decide(Command::now(default_pipeline(tenant)?, now))?;
    created.into_iter().for_each(|event| pipeline.apply(event));
    Ok(pipeline)
}

/// What would come of a row's commands.
fn rehearsed<C>(row: Prepared<C>) -> Vec<Taken> {
    let taken = |(step, events): (Step<C>, usize)| Taken { name: step.name, events, before: false };
    row.steps.into_iter().map(taken).collect()
}

fn describe(past: &Past) -> String {
    let Past { id, started_at, progress, .. } = past;
    let counts = match progress {
        Progress::Finished { accepted, rejected } => format!("{accepted} accepted, {rejected} rejected; "),
        Progress::Unfinished | Progress::Undone { .. } => String::new(),
    };
    format!("{counts}nothing to do\n  import {id} of {}", started_at.format("%Y-%m-%d %H:%M UTC"))
}
