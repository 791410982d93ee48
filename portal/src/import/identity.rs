//! Which import this is: the same files give the same id, so that an interrupted run goes on and a finished one is
//! not repeated.

use anyhow::bail;
use domain::sales::import::ImportKind;
use domain::{ImportId, TenantId};
use uuid::Uuid;

use super::past::{Past, Progress};
use super::plan::Plan;

/// What there is to do about a file.
#[derive(Debug, PartialEq)]
pub enum Standing {
    /// To begin, under this id.
    New(ImportId),
    /// To go on: it was interrupted, or another process is at it.
    Interrupted(ImportId),
    /// Nothing: it was finished.
    Finished(Past),
}

/// UUID version 5, in the name space of the tenant's id, of what the rows become, all files, and the generation.
fn id(tenant: TenantId, kind: ImportKind, sha256: &str, generation: u32) -> ImportId {
    let kind: &str = kind.into();
    let name = format!("import.{kind}.{sha256}.{generation}");
    ImportId::from_uuid(Uuid::new_v5(&tenant.as_uuid(), name.as_bytes()))
}

/// Which import the files of `plan` are. Each that was undone makes way for one of the next generation.
///
/// # Errors
/// If the file was imported by another map or with other joined files, unless `again` says that this is meant.
pub fn standing(
    tenant: TenantId,
    kind: ImportKind,
    plan: &Plan,
    past: &[Past],
    again: bool,
) -> anyhow::Result<Standing> {
    let mut generation = 0;
    let id = loop {
        let id = id(tenant, kind, &plan.sha256, generation);
        match past.iter().find(|past| past.id == id) {
            None => break id,
            Some(same) => match same.progress {
                Progress::Unfinished => return Ok(Standing::Interrupted(id)),
                Progress::Finished { .. } => return Ok(Standing::Finished(same.clone())),
                Progress::Undone { .. } => generation += 1,
            },
        }
    };
    let live = |past: &&Past| !matches!(past.progress, Progress::Undone { .. });
    let same_file = |past: &&Past| past.kind == kind && past.sha256 == plan.file_sha256;
    if let Some(other) = past.iter().filter(live).find(same_file).filter(|_| !again) {
        bail!(
            "this file was imported before, by another map or with other joined files: import {} of {}.\n  Undo that \
             one first (crm import undo {}), or say with --again that all rows shall come in once more",
            other.id,
            other.started_at.format("%Y-%m-%d %H:%M UTC"),
            other.id,
        );
    }
    Ok(Standing::New(id))
}
