//! `crm` as people run it from a command line: the built binary against a log, and the pages about it.
#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, which helpers lack")]

mod analysts;
mod hardened;
mod import;
mod import_files;
mod import_killed;
mod import_undo;
mod importer;
mod permissions;
mod secret_files;
mod security;
