//! `crm import undo`: withdraws what an import brought and nobody else has touched since.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use command_api::sales::{import, lead, opportunity};
use command_api::{CommandApi, CommandError, Context};
use cqrs_es::Aggregate as _;
use domain::sales::lead::Lead;
use domain::sales::opportunity::Opportunity;
use domain::{ImportId, LeadId, OpportunityId, TenantId, Text};
use event_store::Recorded;
use event_store::read::{self, History, Imported};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::past::{self, Past, Progress};
use super::send::Sender;
use crate::progress::bar;

/// Things that are withdrawn at a time.
const CONCURRENCY: usize = 64;
const REASON: &str = "its import was undone";

/// Which import to undo.
#[derive(Args)]
pub struct UndoArgs {
    /// The import, as `crm import list` shows it
    #[arg(value_name = "IMPORT")]
    id: ImportId,
    /// Only tell what would be withdrawn and what would stay
    #[arg(long)]
    dry_run: bool,
    /// Also undo an import that did not finish, as when its map was wrong and it was stopped. Make sure that it does
    /// not run any more
    #[arg(long)]
    unfinished: bool,
}

/// What became of a thing that the import wrote to.
enum Fate {
    Withdrawn,
    Kept(Imported),
}

impl UndoArgs {
    /// Undoes the import, or says why not. The code is 2 if something stays.
    pub async fn run(&self, app: &CommandApi, tenant: TenantId, actor: &str) -> anyhow::Result<ExitCode> {
        let imports = past::imports(app, tenant).await?;
        let Some(past) = imports.into_iter().find(|past| past.id == self.id) else {
            bail!("this tenant has no import {}; `crm import list` shows those it has", self.id);
        };
        match past.progress {
            Progress::Undone { withdrawn, kept } => {
                println!("import {} was undone before: {withdrawn} withdrawn, {kept} kept", self.id);
                return Ok(ExitCode::SUCCESS);
            }
            Progress::Unfinished if !self.unfinished => bail!(
                "import {} has not finished. Start it again in the same way to finish it; or, if it does not run any \
                 more, undo what it brought so far with --unfinished",
                self.id
            ),
            Progress::Unfinished | Progress::Finished { .. } => {}
        }
        let undo = Undo { app, sender: Sender { app, tenant, actor, import: self.id } };
        let brought = read::imported(app.store().pool(), tenant.as_uuid(), self.id.as_uuid()).await?;
        if self.dry_run {
            let (kept, withdrawn): (Vec<_>, Vec<_>) = brought.into_iter().partition(is_kept);
            print_kept(&kept);
            println!("would withdraw {} and keep {}; nothing was changed", withdrawn.len(), kept.len());
            return Ok(code(&kept));
        }
        undo.end_unfinished(&past, brought.len()).await?;
        let (withdrawn, kept) = undo.withdraw_all(brought).await?;
        let counts = (count(withdrawn)?, count(kept.len())?);
        import::undo(app, &undo.own_context(), self.id, counts.0, counts.1).await?;
        print_kept(&kept);
        println!("undid import {}: withdrew {withdrawn}, kept {}", self.id, kept.len());
        Ok(code(&kept))
    }
}

struct Undo<'a> {
    app: &'a CommandApi,
    sender: Sender<'a>,
}

impl Undo<'_> {
    /// The circumstances of what is said about the import itself, which did not come from it.
    fn own_context(&self) -> Context {
        let Sender { tenant, actor, import, .. } = self.sender;
        Context::new(tenant, actor, import.to_string())
    }

    /// What was interrupted ends here: only finished imports can be undone.
    async fn end_unfinished(&self, past: &Past, brought: usize) -> anyhow::Result<()> {
        if past.progress == Progress::Unfinished {
            let accepted = count(brought)?.min(past.rows);
            import::finish(self.app, &self.own_context(), past.id, accepted, past.rows - accepted).await?;
        }
        Ok(())
    }

    async fn withdraw_all(&self, brought: Vec<Imported>) -> anyhow::Result<(usize, Vec<Imported>)> {
        let shown = bar("undoing", u64::try_from(brought.len())?);
        let fates = stream::iter(brought).map(|thing| self.withdraw(thing)).buffered(CONCURRENCY);
        let fates: Vec<Fate> = fates.inspect_ok(|_| shown.inc(1)).try_collect().await?;
        shown.finish_and_clear();
        let all = fates.len();
        let kept: Vec<Imported> = fates
            .into_iter()
            .filter_map(|fate| match fate {
                Fate::Kept(thing) => Some(thing),
                Fate::Withdrawn => None,
            })
            .collect();
        Ok((all - kept.len(), kept))
    }

    /// Withdraws one thing in exactly the version that only the import has written to, so that nobody's edit is lost
    /// who was a little faster.
    async fn withdraw(&self, thing: Imported) -> anyhow::Result<Fate> {
        if is_kept(&thing) {
            return Ok(Fate::Kept(thing));
        }
        let Sender { tenant, import, .. } = self.sender;
        let id = thing.aggregate_id;
        let by = |event: &Recorded| event.read_metadata().ok().and_then(|metadata| metadata.import);
        let (mut later, mut later_at, mut last) = (0, None, None);
        let mut history = History::of(tenant.as_uuid(), (&thing.aggregate_type, id));
        while let Some(events) = history.next(self.app.store().pool()).await? {
            for event in events.iter().filter(|event| by(event) != Some(import.as_uuid())) {
                (later, later_at) = (later + 1, Some(event.recorded_at));
            }
            last = events.into_iter().next_back();
        }
        if later > 0 {
            return Ok(Fate::Kept(Imported { later, later_at, ..thing }));
        }
        if last.as_ref().is_some_and(|event| event.event_type.ends_with(".withdrawn")) {
            return Ok(Fate::Withdrawn);
        }
        let if_match = last.map(|event| event.sequence);
        let context = Context { if_match, ..self.sender.context(id, "withdraw") };
        let reason = Text::parse(REASON)?;
        let done = if thing.aggregate_type == Lead::TYPE {
            lead::withdraw(self.app, &context, LeadId::from_uuid(id), reason).await
        } else {
            opportunity::withdraw(self.app, &context, OpportunityId::from_uuid(id), reason).await
        };
        match done {
            Ok(_) => Ok(Fate::Withdrawn),
            Err(CommandError::StaleVersion) => Box::pin(self.withdraw(thing)).await,
            Err(error) => {
                Err(error).context("the undoing stopped half-way; start it again, and it goes on from there")
            }
        }
    }
}

/// What others have touched stays, and what the import did not create.
fn is_kept(thing: &Imported) -> bool {
    let known = [Lead::TYPE, Opportunity::TYPE].contains(&thing.aggregate_type.as_str());
    !thing.created || thing.later > 0 || !known
}

fn print_kept(kept: &[Imported]) {
    for Imported { aggregate_type, aggregate_id, later, later_at, .. } in kept {
        let events = if *later == 1 { "event" } else { "events" };
        let last = later_at
            .map_or_else(String::new, |at| format!(", the last of {}", at.format("%Y-%m-%d %H:%M UTC")));
        println!("kept {aggregate_type} {aggregate_id}: {later} later {events} of others{last}");
    }
}

fn count(number: usize) -> anyhow::Result<u32> {
    Ok(u32::try_from(number)?)
}

fn code(kept: &[Imported]) -> ExitCode {
    if kept.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
