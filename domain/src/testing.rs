//! Given events, when a command comes, then events: the words of the aggregates' tests.

use cqrs_es::Aggregate;

use crate::Command;
use crate::fixtures::at;

/// The aggregate that these events made.
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> A {
    let mut aggregate = A::default();
    events.into_iter().for_each(|event| aggregate.apply(event));
    aggregate
}

/// `action` at nine o'clock on a day of March, commanded on the 30th at noon.
pub fn on<A>(day: u32, action: A) -> Command<A> {
    Command { occurred_at: at(day, 9), now: at(30, 12), action }
}
