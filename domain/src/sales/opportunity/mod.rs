//! An opportunity, or deal: it moves through the stages of one pipeline until it is won or lost.

mod aggregate;
mod command;
mod decide;
mod error;
mod event;
pub mod fixtures;
mod state;
#[cfg(test)]
mod tests;

pub use command::{NewOpportunity, OpportunityAction, OpportunityCommand, OpportunityRevision};
pub use error::OpportunityError;
pub use event::OpportunityEvent;
pub use state::{Closing, Deal, Direction, Opportunity, OpportunityStatus, Outcome, Stay};
