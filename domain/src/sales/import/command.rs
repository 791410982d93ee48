//! What can be asked of an import.

use super::Source;
use crate::Command;

/// An action on an import, with its times.
pub type ImportCommand = Command<ImportAction>;

/// What to do with an import.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ImportAction {
    /// Begin, or take up again after an interruption.
    Start(Source),
    /// All rows were tried.
    Finish {
        /// Rows that became leads or deals, now or in an interrupted attempt.
        accepted: u32,
        /// Rows that were refused.
        rejected: u32,
    },
    /// Its leads or deals were withdrawn again.
    Undo {
        /// How many were withdrawn.
        withdrawn: u32,
        /// How many stay, since people have worked on them.
        kept: u32,
    },
}
