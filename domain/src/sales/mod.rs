//! Sales: pipelines, leads, opportunities, and the import of the last two from files.

pub mod activity;
pub mod import;
pub mod lead;
pub mod opportunity;
pub mod pipeline;

pub use activity::ActivityKind;

use crate::Text;

/// Who works on a lead or deal: the `sub` of a user's token, or a salesperson's name from an import.
pub type Owner = Text<200>;
