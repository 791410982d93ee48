//! A legal entity: a company in whose name invoices are issued.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{LegalEntity, Seller};
pub use command::{LegalEntityAction, LegalEntityCommand};
pub use error::LegalEntityError;
pub use event::LegalEntityEvent;
