//! Rows that become opportunities.

use command_api::sales::opportunity::{self, Opening, Placing};
use command_api::sales::pipeline;
use command_api::{Accepted, CommandApi, CommandError, Context};
use domain::sales::ActivityKind;
use domain::sales::activity::Summary;
use domain::sales::import::ImportKind;
use domain::sales::opportunity::{NewOpportunity, Opportunity, OpportunityAction, Outcome};
use domain::sales::pipeline::{Pipeline, Stage, default_pipeline_id};
use domain::{Money, OpportunityId, Percent, Personal, PipelineId, Prose, Text};
use uuid::Uuid;

use super::becomes::{Becomes, Step};
use super::cells::Cells;
use super::entry::Entry;
use super::map::{Field, Shape};
use super::written;

/// Opportunities, and the pipeline that they go into.
pub struct Deals {
    /// Its id.
    pub id: PipelineId,
    /// The pipeline as it is now.
    pub pipeline: Pipeline,
}

/// A command that a row becomes.
pub enum DealCommand {
    /// Open it.
    Open(Box<NewOpportunity>),
    /// Note what is known besides.
    Note(Summary),
    /// Win it.
    Win(Option<Money>),
    /// Lose it.
    Lose(Text<500>),
}

impl Deals {
    fn stage(&self, name: &str) -> Result<&Stage, String> {
        let name = Text::parse(name).map_err(|invalid| invalid.to_string())?;
        let found = self.pipeline.stages().iter().find(|stage| stage.is_called(&name));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.pipeline.stages().iter().map(|stage| stage.name.as_str()).collect();
            format!("must be a stage of the pipeline: {}", names.join(", "))
        })
    }

    fn opening(&self, cells: &mut Cells<'_>) -> Option<NewOpportunity> {
        let stage = cells.read("stage", |name, _, _| self.stage(name)).or(self.pipeline.stages().first());
        let probability = cells.read("probability", |text, _, _| Percent::parse(text));
        let (name, amount) = (cells.text("name"), cells.money("amount"));
        let expected_close =
            cells.read("expected_close", |text, entry, _| written::day(text, &entry.formats));
        let (product, account) = (cells.text("product"), cells.text("account"));
        let (owner, source) = (cells.text("owner"), cells.text("source"));
        let custom = cells.custom();
        let (stage, name) = stage.zip(name)?;
        Some(NewOpportunity {
            name,
            pipeline: self.id,
            stage: stage.id,
            probability: probability.unwrap_or(stage.probability),
            amount,
            expected_close,
            product,
            account,
            owner,
            source,
            lead: None,
            custom,
        })
    }
}

/// How the deal ended, if it did. What belongs to the other outcome is not looked at: constants of the map fill it in
/// every row.
fn closing(cells: &mut Cells<'_>) -> Option<Step<DealCommand>> {
    let outcome = cells.read("outcome", |text, _, _| outcome(text));
    let at = cells.time("closed_at");
    match outcome {
        Some(Outcome::Won) => {
            Some(Step { name: "win", at, command: DealCommand::Win(cells.money("won_amount")) })
        }
        Some(Outcome::Lost) => {
            let reason = cells.text("lost_reason");
            if reason.is_none() {
                cells.fault("lost_reason", "is empty, but the outcome is lost");
            }
            Some(Step { name: "lose", at, command: DealCommand::Lose(reason?) })
        }
        None => {
            if at.is_some() {
                cells.fault("closed_at", "says when, but there is no outcome");
            }
            None
        }
    }
}

fn outcome(text: &str) -> Result<Outcome, &'static str> {
    match text.to_lowercase().as_str() {
        "won" => Ok(Outcome::Won),
        "lost" => Ok(Outcome::Lost),
        _ => Err("must be won, lost or empty"),
    }
}

/// The same, as the API is asked for it.
fn asked(new: &NewOpportunity) -> Opening {
    let NewOpportunity { name, pipeline, stage, probability, amount, expected_close, .. } = new.clone();
    let NewOpportunity { product, account, owner, source, lead, custom, .. } = new.clone();
    let placing = Placing { pipeline: Some(pipeline), stage: Some(stage), probability: Some(probability) };
    Opening { name, placing, amount, expected_close, product, account, owner, source, lead, custom }
}

impl Becomes for Deals {
    type Aggregate = Opportunity;
    type Command = DealCommand;
    const KIND: ImportKind = ImportKind::Opportunities;
    const FIELDS: &'static [Field] = &[
        Field::needed("name", Shape::Text),
        Field::of("owner", Shape::Text),
        Field::of("account", Shape::Text),
        Field::of("product", Shape::Text),
        Field::of("source", Shape::Text),
        Field::of("amount", Shape::Amount),
        Field::of("stage", Shape::Text),
        Field::of("probability", Shape::Text),
        Field::of("expected_close", Shape::Time),
        Field::of("opened_at", Shape::Time),
        Field::of("outcome", Shape::Text),
        Field::of("closed_at", Shape::Time),
        Field::of("won_amount", Shape::Amount),
        Field::of("lost_reason", Shape::Text),
        Field::of("notes", Shape::Text),
    ];

    fn check(&self, field: &str, entry: &Entry, text: &str) -> Result<(), String> {
        match field {
            "stage" => self.stage(text).map(drop),
            "outcome" => outcome(text).map(drop).map_err(str::to_owned),
            "probability" => Percent::parse(text).map(drop).map_err(|invalid| invalid.to_string()),
            "opened_at" | "closed_at" => written::time(text, &entry.formats).map(drop),
            "expected_close" => written::day(text, &entry.formats).map(drop),
            _ => Ok(()),
        }
    }

    fn steps(&self, cells: &mut Cells<'_>) -> Option<Vec<Step<DealCommand>>> {
        let at = cells.time("opened_at");
        let note = cells.read("notes", |text, _, _| Prose::parse(text));
        let closing = closing(cells);
        if at.is_none() && closing.as_ref().is_some_and(|closing| closing.at.is_some()) {
            cells.fault("opened_at", "is empty, but closed_at is not");
        }
        let opening = self.opening(cells)?;
        let mut steps = vec![Step { name: "open", at, command: DealCommand::Open(Box::new(opening)) }];
        steps.extend(note.map(|note| Step {
            name: "note",
            at,
            command: DealCommand::Note(Personal::new(note)),
        }));
        steps.extend(closing);
        Some(steps)
    }

    fn action(&self, command: &DealCommand) -> OpportunityAction {
        match command {
            DealCommand::Open(new) => OpportunityAction::Open(new.clone()),
            DealCommand::Note(summary) => {
                OpportunityAction::LogActivity { kind: ActivityKind::Note, summary: summary.clone() }
            }
            DealCommand::Win(amount) => OpportunityAction::Win { amount: *amount },
            DealCommand::Lose(reason) => OpportunityAction::Lose { reason: reason.clone() },
        }
    }

    async fn make_ready(&self, app: &CommandApi, context: &Context) -> Result<(), CommandError> {
        if self.id == default_pipeline_id(context.tenant) {
            pipeline::ensure_default(app, context).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        app: &CommandApi,
        context: &Context,
        id: Uuid,
        command: &DealCommand,
    ) -> Result<Accepted, CommandError> {
        let id = OpportunityId::from_uuid(id);
        match command {
            DealCommand::Open(new) => opportunity::open(app, context, id, asked(new)).await,
            DealCommand::Note(summary) => {
                opportunity::log_activity(app, context, id, ActivityKind::Note, summary.clone()).await
            }
            DealCommand::Win(amount) => opportunity::win(app, context, id, *amount).await,
            DealCommand::Lose(reason) => opportunity::lose(app, context, id, reason.clone()).await,
        }
    }
}
