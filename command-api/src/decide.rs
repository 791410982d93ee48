//! Aggregates as dispatch sees them.

use cqrs_es::Aggregate;
use domain::{Command, Rule};
use edge::Reach;
use event_store::Claim;
use uuid::Uuid;

/// An aggregate that decides purely. Each implementation only names what the aggregate has by itself.
pub trait Decide: Aggregate<Error: Rule> + Clone + 'static {
    /// What can be asked of it.
    type Action: Clone + Send + Sync;

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    fn decide(&self, command: Command<Self::Action>) -> Result<Vec<Self::Event>, Self::Error>;

    /// Whom the personal data in its events tells of: the id of a person, whose keys are destroyed together. By default the aggregate
    /// is the person.
    fn person(&self, id: Uuid) -> Uuid {
        id
    }

    /// Whether it is a record that a caller of this reach may see and change; what has no owners always is.
    fn is_within(&self, _reach: &Reach) -> bool {
        true
    }

    /// What an event of aggregate `id`, which is still as it was before it, makes it occupy and give free, for rules that look at many
    /// aggregates at once.
    fn occupancy(&self, _id: Uuid, _event: &Self::Event) -> Occupancy {
        Occupancy::default()
    }
}

/// Claims of an aggregate that begin and end with an event.
#[derive(Debug, Default)]
pub struct Occupancy {
    /// What it occupies from now on.
    pub taken: Vec<Claim>,
    /// What it no longer occupies.
    pub left: Vec<Claim>,
}

impl Occupancy {
    /// What begins, and what ends.
    pub fn new(taken: impl IntoIterator<Item = Claim>, left: impl IntoIterator<Item = Claim>) -> Self {
        Self { taken: taken.into_iter().collect(), left: left.into_iter().collect() }
    }
}
