//! A custom role: what a tenant lets those do who have it, and how far that reaches.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{CustomRole, Definition};
pub use command::{CustomRoleAction, CustomRoleCommand};
pub use error::CustomRoleError;
pub use event::CustomRoleEvent;
