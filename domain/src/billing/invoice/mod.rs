//! An invoice: a draft without a number, until it is issued; from then on it never changes, and can only be voided.

mod aggregate;
mod calculate;
mod command;
mod decide;
mod document;
mod error;
mod event;
pub mod fixtures;
mod state;
#[cfg(test)]
mod tests;

pub use calculate::{Calculation, PricedAdjustment, PricedLine, TaxSum, Totals, calculate};
pub use command::{InvoiceAction, InvoiceCommand, Issuance};
pub use document::{Buyer, Document, Exchange, document, not_dated_in_future};
pub use error::InvoiceError;
pub use event::InvoiceEvent;
pub use state::{Draft, Invoice, InvoiceStatus, Issued};
