//! One example of each event of an import.

use super::{ImportEvent, ImportKind, Source};
use crate::ImportId;
use crate::fixtures::{id, text};

/// The import of the examples.
pub const IMPORT: ImportId = id(41);

/// One of each.
pub fn all() -> Vec<ImportEvent> {
    vec![started(), finished(), undone()]
}

/// What [`started`] was made of.
pub fn source() -> Source {
    Source {
        kind: ImportKind::Leads,
        file: text("leads.csv"),
        sha256: text("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
        rows: 120,
    }
}

/// `import.started`
pub fn started() -> ImportEvent {
    let Source { kind, file, sha256, rows } = source();
    ImportEvent::Started { kind, file, sha256, rows }
}

/// `import.finished`
pub fn finished() -> ImportEvent {
    ImportEvent::Finished { accepted: 117, rejected: 3 }
}

/// `import.undone`
pub fn undone() -> ImportEvent {
    ImportEvent::Undone { withdrawn: 115, kept: 2 }
}
