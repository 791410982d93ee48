//! `crm import` as people run it: the built binary against a log.

mod import;
mod import_files;
mod import_killed;
mod import_undo;
mod importer;
