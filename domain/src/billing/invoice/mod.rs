//! An invoice: a draft without a number, until it is issued; from then on what it says never changes, and it is settled or void.

mod aggregate;
mod calculate;
mod command;
mod credit;
mod decide;
mod document;
mod error;
mod event;
pub mod fixtures;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub use calculate::{Calculation, PricedAdjustment, PricedLine, TaxSum, Totals, calculate};
pub use command::{InvoiceAction, InvoiceCommand, Issuance};
pub use credit::{CreditNote, CreditOf, Credited, Freed};
pub use document::{Buyer, Document, Exchange, document, not_dated_in_future};
pub use error::InvoiceError;
pub use event::InvoiceEvent;
pub use state::{Draft, Invoice, InvoiceStatus, Issued, Sums};
