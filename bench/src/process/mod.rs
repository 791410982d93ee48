//! Processes that are measured: `crm`, and bare servers to compare it with.

pub mod bare;
mod crm;
mod memory;

pub use crm::{Access, Crm};
