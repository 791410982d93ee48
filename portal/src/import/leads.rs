//! Rows that become leads.

use command_api::sales::lead;
use command_api::{Accepted, CommandApi, CommandError, Context};
use domain::sales::ActivityKind;
use domain::sales::activity::Summary;
use domain::sales::import::ImportKind;
use domain::sales::lead::{Lead, LeadAction, LeadStatus, NewLead, Score};
use domain::{EmailAddress, LeadId, Percent, Personal, Phone, Prose, Text};
use uuid::Uuid;

use super::becomes::{Becomes, Step};
use super::cells::Cells;
use super::entry::Entry;
use super::map::{Field, Shape};
use super::written;

/// Leads.
pub struct Leads;

/// A command that a row becomes.
pub enum LeadCommand {
    /// Capture it.
    Capture(Box<NewLead>),
    /// Note what is known besides.
    Note(Summary),
    /// Qualify it.
    Qualify(Score),
    /// Disqualify it.
    Disqualify(Text<500>),
}

fn capturing(cells: &mut Cells<'_>) -> Option<NewLead> {
    let name = cells.text("name").map(Personal::new);
    let (company, source, owner) = (cells.text("company"), cells.text("source"), cells.text("owner"));
    let email = cells.read("email", |text, _, _| EmailAddress::parse(text)).map(Personal::new);
    let phone = cells.read("phone", |text, _, _| Phone::parse(text)).map(Personal::new);
    let custom = cells.custom();
    Some(NewLead { name: name?, company, email, phone, source, owner, custom })
}

/// What was found of the lead, if anything was. What belongs to the other findings is not looked at: constants of the
/// map fill it in every row.
fn finding(cells: &mut Cells<'_>) -> Option<LeadCommand> {
    match cells.read("status", |text, _, _| status(text))? {
        LeadStatus::Qualified => {
            let score = cells.read("score", |text, _, _| Percent::parse(text));
            if score.is_none() {
                cells.fault("score", "is needed, since the status is qualified");
            }
            score.map(LeadCommand::Qualify)
        }
        LeadStatus::Disqualified => {
            let reason = cells.text("disqualified_reason");
            if reason.is_none() {
                cells.fault("disqualified_reason", "is needed, since the status is disqualified");
            }
            reason.map(LeadCommand::Disqualify)
        }
        LeadStatus::Open | LeadStatus::Converted | LeadStatus::Withdrawn => None,
    }
}

fn status(text: &str) -> Result<LeadStatus, &'static str> {
    match text.to_lowercase().as_str() {
        "open" => Ok(LeadStatus::Open),
        "qualified" => Ok(LeadStatus::Qualified),
        "disqualified" => Ok(LeadStatus::Disqualified),
        _ => Err("must be open, qualified or disqualified"),
    }
}

impl Becomes for Leads {
    type Aggregate = Lead;
    type Command = LeadCommand;
    const KIND: ImportKind = ImportKind::Leads;
    const FIELDS: &'static [Field] = &[
        Field::needed("name", Shape::Text),
        Field::of("company", Shape::Text),
        Field::of("email", Shape::Text),
        Field::of("phone", Shape::Text),
        Field::of("source", Shape::Text),
        Field::of("owner", Shape::Text),
        Field::of("captured_at", Shape::Time),
        Field::of("status", Shape::Text),
        Field::of("status_at", Shape::Time),
        Field::of("score", Shape::Text),
        Field::of("disqualified_reason", Shape::Text),
        Field::of("notes", Shape::Text),
    ];

    fn check(&self, field: &str, entry: &Entry, text: &str) -> Result<(), String> {
        match field {
            "status" => status(text).map(drop).map_err(str::to_owned),
            "score" => Percent::parse(text).map(drop).map_err(|invalid| invalid.to_string()),
            "captured_at" | "status_at" => written::time(text, &entry.formats).map(drop),
            _ => Ok(()),
        }
    }

    fn steps(&self, cells: &mut Cells<'_>) -> Option<Vec<Step<LeadCommand>>> {
        let at = cells.time("captured_at");
        let found_at = cells.time("status_at").or(at);
        let note = cells.read("notes", |text, _, _| Prose::parse(text));
        let finding = finding(cells);
        let new = capturing(cells)?;
        let mut steps = vec![Step { name: "capture", at, command: LeadCommand::Capture(Box::new(new)) }];
        steps.extend(note.map(|note| Step {
            name: "note",
            at,
            command: LeadCommand::Note(Personal::new(note)),
        }));
        steps.extend(finding.map(|command| {
            let name = if matches!(command, LeadCommand::Qualify(_)) { "qualify" } else { "disqualify" };
            Step { name, at: found_at, command }
        }));
        Some(steps)
    }

    fn action(&self, command: &LeadCommand) -> LeadAction {
        match command {
            LeadCommand::Capture(new) => LeadAction::Capture(new.clone()),
            LeadCommand::Note(summary) => {
                LeadAction::LogActivity { kind: ActivityKind::Note, summary: summary.clone() }
            }
            LeadCommand::Qualify(score) => LeadAction::Qualify { score: *score },
            LeadCommand::Disqualify(reason) => LeadAction::Disqualify { reason: reason.clone() },
        }
    }

    async fn send(
        &self,
        app: &CommandApi,
        context: &Context,
        id: Uuid,
        command: &LeadCommand,
    ) -> Result<Accepted, CommandError> {
        let id = LeadId::from_uuid(id);
        match command {
            LeadCommand::Capture(new) => lead::capture(app, context, id, NewLead::clone(new)).await,
            LeadCommand::Note(summary) => {
                lead::log_activity(app, context, id, ActivityKind::Note, summary.clone()).await
            }
            LeadCommand::Qualify(score) => lead::qualify(app, context, id, *score).await,
            LeadCommand::Disqualify(reason) => lead::disqualify(app, context, id, reason.clone()).await,
        }
    }
}
