//! One example of each event of a series.

use super::{DocumentNumber, NumberPattern, SeriesEvent};
use crate::billing::legal_entity::fixtures::LEGAL_ENTITY;
use crate::fixtures::{id, text};
use crate::{DocumentId, SeriesId};

/// The series of the examples.
pub const SERIES: SeriesId = id(221);

/// The document that has the first number: the invoice of the examples.
pub const DOCUMENT: DocumentId = id(231);

/// One of each.
pub fn all() -> Vec<SeriesEvent> {
    vec![opened(), number_drawn(), closed()]
}

/// A pattern.
///
/// # Panics
/// If it is none.
pub fn pattern(text: &str) -> NumberPattern {
    NumberPattern::parse(text).expect("a pattern")
}

/// A number.
///
/// # Panics
/// If it is none.
pub fn number(text: &str) -> DocumentNumber {
    DocumentNumber::parse(text).expect("a number")
}

/// `series.opened`
pub fn opened() -> SeriesEvent {
    let (legal_entity, name) = (LEGAL_ENTITY, text("Invoices"));
    SeriesEvent::Opened { legal_entity, name, pattern: pattern("INV-{year}-{seq:5}") }
}

/// `series.number_drawn`
pub fn number_drawn() -> SeriesEvent {
    SeriesEvent::NumberDrawn { number: number("INV-2026-00001"), year: 2026, counter: 1, document: DOCUMENT }
}

/// `series.closed`
pub fn closed() -> SeriesEvent {
    SeriesEvent::Closed {}
}
