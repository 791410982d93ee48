//! A run of a file import: which file, how much of it was taken, and whether it was taken back.

mod aggregate;
mod command;
mod error;
mod event;
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use aggregate::{Import, ImportKind, Source};
pub use command::{ImportAction, ImportCommand};
pub use error::ImportError;
pub use event::ImportEvent;
