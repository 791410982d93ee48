//! A team of users, with a manager, perhaps below another team.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{Roster, Team};
pub use command::{TeamAction, TeamCommand};
pub use error::TeamError;
pub use event::TeamEvent;
