//! A payment of a customer: what of it settles which invoices, what is left on the customer's account, and what went back.

mod aggregate;
mod allocate;
mod command;
mod decide;
mod error;
mod event;
pub mod fixtures;
mod state;
#[cfg(test)]
mod tests;

pub use allocate::{Due, allocate, by_priority};
pub use command::{PaymentAction, PaymentCommand};
pub use decide::MAX_APPLICATIONS;
pub use error::PaymentError;
pub use event::PaymentEvent;
pub use state::{Method, Payment, PaymentStatus, Receipt, Received};
