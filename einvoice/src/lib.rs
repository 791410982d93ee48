//! Electronic invoices of EN 16931: what was issued, as XML, and XML of others, recomputed.
//!
//! Job: write invoices and credit notes in both syntaxes of the standard, and read figures back and hold them against its arithmetic.
//! Used by: whatever serves or sends documents, and whoever checks what others sent.
//! Never here: SQL, HTTP, clocks, files. A document and its number are all it takes, so the same document gives the same bytes.

pub mod cii;
mod content;
mod error;
pub mod read;
mod tree;
pub mod ubl;
mod xml;

pub use error::{ReadError, ReadErrorKind, WriteError};

/// What both syntaxes say that they are: EN 16931 without extensions or restrictions (BT-24).
const SPECIFICATION: &str = "urn:cen.eu:en16931:2017";
