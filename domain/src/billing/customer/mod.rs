//! A customer: whoever is billed, with all that an invoice for them takes.

mod aggregate;
mod command;
mod decide;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{Customer, Profile};
pub use command::{CustomerAction, CustomerCommand};
pub use error::CustomerError;
pub use event::CustomerEvent;
