//! What rows become: the seam between files and the things of sales.

use chrono::{DateTime, Utc};
use command_api::decide::Decide;
use command_api::{Accepted, CommandApi, CommandError, Context};
use cqrs_es::Aggregate as _;
use domain::Command;
use domain::sales::import::ImportKind;
use uuid::Uuid;

use super::cells::Cells;
use super::entry::Entry;
use super::map::Field;

/// Something that rows can become: which fields it has, and which commands make it.
pub trait Becomes: Sync {
    /// Decides on the commands.
    type Aggregate: Decide;
    /// A command, with all that it needs.
    type Command: Send + Sync;
    /// What imports of it are recorded as.
    const KIND: ImportKind;
    /// The fields that rows can fill.
    const FIELDS: &'static [Field];

    /// Whether `text`, which the map itself says, can be a value of `field`.
    ///
    /// # Errors
    /// A sentence that goes on after the name of the field.
    fn check(&self, field: &str, entry: &Entry, text: &str) -> Result<(), String>;

    /// The commands that a row becomes, in order. Faults are left in `cells`.
    fn steps(&self, cells: &mut Cells<'_>) -> Option<Vec<Step<Self::Command>>>;

    /// What a command asks of the aggregate.
    fn action(&self, command: &Self::Command) -> <Self::Aggregate as Decide>::Action;

    /// Brings about what must be there before the first row comes in, and is no part of the import.
    fn make_ready(
        &self,
        _app: &CommandApi,
        _context: &Context,
    ) -> impl Future<Output = Result<(), CommandError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Gives a command, as the API would.
    fn send(
        &self,
        app: &CommandApi,
        context: &Context,
        id: Uuid,
        command: &Self::Command,
    ) -> impl Future<Output = Result<Accepted, CommandError>> + Send;
}

/// One command of a row.
pub struct Step<C> {
    /// What people call it; unique in the row.
    pub name: &'static str,
    /// Business time; the present if none.
    pub at: Option<DateTime<Utc>>,
    /// What to do.
    pub command: C,
}

/// How many events each of `steps` leads to on a new aggregate, without appending any.
///
/// # Errors
/// The step and the rule that refuses it.
pub fn rehearse<B: Becomes>(
    subject: &B,
    steps: &[Step<B::Command>],
    now: DateTime<Utc>,
) -> Result<Vec<usize>, String> {
    let mut state = B::Aggregate::default();
    let mut counts = Vec::with_capacity(steps.len());
    for step in steps {
        let action = subject.action(&step.command);
        let command = Command { occurred_at: step.at.unwrap_or(now), now, action };
        let events = state.decide(command).map_err(|rule| format!("{}: {rule}", step.name))?;
        counts.push(events.len());
        events.into_iter().for_each(|event| state.apply(event));
    }
    Ok(counts)
}
