//! What happens to a series.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{DocumentNumber, NumberPattern};
use crate::{DocumentId, LegalEntityId, Text};

/// An event of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SeriesEvent {
    /// It was begun.
    Opened {
        /// Whose documents have its numbers.
        legal_entity: LegalEntityId,
        /// What people call it.
        name: Text<100>,
        /// How its numbers look.
        pattern: NumberPattern,
    },
    /// Its next number was drawn.
    NumberDrawn {
        /// The number.
        number: DocumentNumber,
        /// The year of the document; counting begins anew in each if the pattern has the year in it.
        year: i32,
        /// The counter: 1, 2, 3, … without a gap.
        counter: u32,
        /// The document.
        document: DocumentId,
    },
    /// It gives out no more numbers.
    Closed {},
}

impl DomainEvent for SeriesEvent {
    fn event_type(&self) -> String {
        format!("series.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
