//! What happens to an import.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::ImportKind;
use crate::Text;

/// An event of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ImportEvent {
    /// It began.
    Started {
        /// What the rows are.
        kind: ImportKind,
        /// The name of the file, without its folder.
        file: Text<255>,
        /// SHA-256 of the file, in hexadecimal.
        sha256: Text<64>,
        /// Rows in the file, without the heading.
        rows: u32,
    },
    /// All rows were tried.
    Finished {
        /// Rows that became leads or deals.
        accepted: u32,
        /// Rows that were refused.
        rejected: u32,
    },
    /// Its leads or deals were withdrawn again.
    Undone {
        /// How many were withdrawn.
        withdrawn: u32,
        /// How many stay, since people have worked on them.
        kept: u32,
    },
}

impl DomainEvent for ImportEvent {
    fn event_type(&self) -> String {
        format!("import.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
