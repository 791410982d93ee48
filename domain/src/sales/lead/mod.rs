//! A lead: somebody who may want to buy, until it becomes an opportunity or is given up.

mod aggregate;
mod command;
mod decide;
mod error;
mod event;
pub mod fixtures;
mod state;
#[cfg(test)]
mod tests;

pub use command::{LeadAction, LeadCommand, LeadCorrection, NewLead};
pub use error::LeadError;
pub use event::LeadEvent;
pub use state::{Captured, Lead, LeadStatus, Progress, Score};
