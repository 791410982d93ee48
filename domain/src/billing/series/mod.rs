//! A series of numbers of documents, without gap: a number is drawn in the same append as the event of the document that has it.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
pub mod number;
#[cfg(test)]
mod tests;

pub use aggregate::{Live, Series};
pub use command::{SeriesAction, SeriesCommand};
pub use error::SeriesError;
pub use event::SeriesEvent;
pub use number::{DocumentNumber, NumberPattern};
