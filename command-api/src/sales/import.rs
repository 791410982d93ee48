//! Runs of file imports, for the importer in process. What they bring in goes through [`super::lead`] and
//! [`super::opportunity`], in contexts that name the import.

use domain::ImportId;
use domain::sales::import::{Import, ImportAction, Source};

use crate::dispatch::{change, create};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Begins an import, or takes it up again after an interruption; with the same file, that changes nothing.
///
/// # Errors
/// A rule of imports, or those of [`crate::dispatch()`].
pub async fn start(
    app: &CommandApi,
    context: &Context,
    id: ImportId,
    source: Source,
) -> Result<Accepted, CommandError> {
    create::<Import>(app, context, id.as_uuid(), ImportAction::Start(source)).await
}

/// Says that all rows were tried.
///
/// # Errors
/// A rule of imports, or those of [`crate::dispatch()`].
pub async fn finish(
    app: &CommandApi,
    context: &Context,
    id: ImportId,
    accepted: u32,
    rejected: u32,
) -> Result<Accepted, CommandError> {
    change::<Import>(app, context, id.as_uuid(), vec![ImportAction::Finish { accepted, rejected }]).await
}

/// Says that what the import brought was withdrawn again.
///
/// # Errors
/// A rule of imports, or those of [`crate::dispatch()`].
pub async fn undo(
    app: &CommandApi,
    context: &Context,
    id: ImportId,
    withdrawn: u32,
    kept: u32,
) -> Result<Accepted, CommandError> {
    change::<Import>(app, context, id.as_uuid(), vec![ImportAction::Undo { withdrawn, kept }]).await
}
