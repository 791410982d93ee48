//! Folding one batch into rows, within a transaction that is already open.

use event_store::{Recorded, Upcasters};
use uuid::Uuid;

use super::follower::RunError;
use super::port::Rows;
use crate::fold::{Stop, keys};
use crate::projection::FoldError;
use crate::registry::ReadModel;

/// Folds events into a table and parks the tenants that they stop.
///
/// A row that the table refuses stops its tenant as well: each tenant is then folded by itself.
pub(crate) async fn fold_into(
    model: &ReadModel,
    rows: &mut impl Rows,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
    let (after, until) = (first.position - 1, last.position);
    let mut tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id).collect();
    match fold_at_once(model, rows, table, events, upcasters).await {
        Err(error) if error.is_refused_row() => {
            tenants.sort_unstable();
            tenants.dedup();
            for tenant in tenants {
                let own = rows.of_tenant(tenant, after, until).await?;
                fold_alone(model, rows, table, own, upcasters).await?;
            }
            Ok(())
        }
        done => done,
    }
}

/// Folds the events of one tenant; what the table refuses parks it at the first of them.
async fn fold_alone(
    model: &ReadModel,
    rows: &mut impl Rows,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let Some(first) = events.first() else { return Ok(()) };
    let (tenant, position, event_type) = (first.tenant_id, first.position, first.event_type.clone());
    match fold_at_once(model, rows, table, events, upcasters).await {
        Err(RunError::Database(error)) if is_refused_content(&error) => {
            let stop = Stop { tenant, position, event_type, error: FoldError::RefusedRow(error) };
            Ok(rows.park(table, &[stop]).await?)
        }
        done => done,
    }
}

/// As [`fold_plainly`], within a savepoint, which is left again if the table refuses a row.
async fn fold_at_once(
    model: &ReadModel,
    rows: &mut impl Rows,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    rows.savepoint().await?;
    match fold_plainly(model, rows, table, events, upcasters).await {
        Ok(()) => Ok(rows.release().await?),
        Err(error) => {
            if error.is_refused_row() {
                rows.undo().await?;
            }
            Err(error)
        }
    }
}

/// One load, one fold, one store. If the table refuses a row, so it does whatever else is asked in the transaction.
pub(super) async fn fold_plainly(
    model: &ReadModel,
    rows: &mut impl Rows,
    table: &str,
    events: Vec<Recorded>,
    upcasters: Upcasters,
) -> Result<(), RunError> {
    let reads = model.fold.reads();
    let read = events.into_iter().filter(|event| reads.contains(&event.aggregate_type.as_str())).collect();
    let steps = model.fold.steps(rows.open(read, upcasters).await?, upcasters);
    if steps.is_empty() {
        return Ok(());
    }
    let stored = rows.load(table, &keys(&steps)).await?;
    let mut sheet = model.fold.begin();
    sheet.fold(stored, steps);
    let (changes, stops) = sheet.finish()?;
    rows.store(table, changes).await?;
    Ok(rows.park(table, &stops).await?)
}

/// Whether the database refuses the content of a row, which trying again would not change.
pub(super) fn is_refused_content(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
