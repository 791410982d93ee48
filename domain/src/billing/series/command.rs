//! What can be asked of a series.

use chrono::NaiveDate;

use super::NumberPattern;
use crate::{Command, DocumentId, LegalEntityId, Text};

/// An action on a series, with its times.
pub type SeriesCommand = Command<SeriesAction>;

/// What to do with a series.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SeriesAction {
    /// Begin it.
    Open {
        /// Whose documents have its numbers.
        legal_entity: LegalEntityId,
        /// What people call it.
        name: Text<100>,
        /// How its numbers look.
        pattern: NumberPattern,
    },
    /// Draw its next number. The caller appends the event of the document with it.
    Draw {
        /// Who issues the document.
        legal_entity: LegalEntityId,
        /// The document.
        document: DocumentId,
        /// Its date, which tells the year.
        on: NaiveDate,
    },
    /// Give out no more of its numbers.
    Close,
}
