//! Commands on series, for the routes and for callers in process.

use domain::SeriesId;
use domain::billing::legal_entity::LegalEntity;
use domain::billing::series::{Series, SeriesAction, SeriesError};

use super::body::SeriesIn;
use crate::dispatch::{change, dispatch};
use crate::{Accepted, CommandApi, CommandError, Context};

/// Begins a series under an id that was never used.
///
/// # Errors
/// `series.pattern_taken` and other rules of series, or those of [`crate::dispatch()`].
pub async fn open(
    app: &CommandApi,
    context: &Context,
    id: SeriesId,
    sent: SeriesIn,
) -> Result<Accepted, CommandError> {
    let SeriesIn { legal_entity_id: legal_entity, name, pattern, occurred_at: _ } = sent;
    let open = &SeriesAction::Open { legal_entity, name, pattern };
    let done = dispatch(app, context, move |mut unit| async move {
        if unit.load::<LegalEntity>(legal_entity.as_uuid()).await?.sequence == 0 {
            return Err(CommandError::field("legal_entity_id", "must be a legal entity"));
        }
        let series = unit.unborn::<Series>(id.as_uuid()).await?;
        let next = unit.decide(&series, [open.clone()])?;
        let created = series.sequence == 0;
        Ok(unit.done(Accepted { created, ..Accepted::of(id.as_uuid(), next.sequence) }))
    });
    done.await.map_err(|error| match error.code() {
        "claim.taken" => CommandError::rule(&SeriesError::PatternTaken)
            .at("pattern", "must differ from the patterns of the other series of the legal entity in more than the digits of the counter"),
        _ => error,
    })
}

/// Gives out no more of its numbers.
///
/// # Errors
/// A rule of series, or those of [`crate::dispatch()`].
pub async fn close(app: &CommandApi, context: &Context, id: SeriesId) -> Result<Accepted, CommandError> {
    change::<Series>(app, context, id.as_uuid(), vec![SeriesAction::Close]).await
}
