//! Letting a tenant's rows go on after whatever stopped them was mended.

use event_store::{Duty, Upcasters, read};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::checkpoint::{self, Parked};
use crate::progress::revise;
use crate::registry::ReadModel;
use crate::runner::{RunError, fold_into};

/// Events folded at a time.
const BATCH: i64 = 5_000;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Resumed {
    /// The tenant's rows were not standing still.
    WasNotParked,
    /// All its events up to the checkpoint are folded; the runner goes on from there.
    CaughtUp {
        /// The event that had stopped it.
        from: i64,
        /// The checkpoint.
        to: i64,
    },
    /// It stopped again, at this event or a later one.
    Stopped(Parked),
}

/// Folds what a tenant missed, in order, while the runner of the read model waits; all of it in one transaction.
pub async fn resume(
    connection: &mut PgConnection,
    model: &ReadModel,
    tenant: Uuid,
    upcasters: Upcasters,
) -> Result<Resumed, RunError> {
    let view = model.name();
    let mut transaction = connection.begin().await?;
    transaction.execute(format!("set local role {}", Duty::Projector.role()).as_str()).await?;
    let to = checkpoint::lock(&mut transaction, view).await?;
    let Some(parked) = checkpoint::unpark(&mut transaction, view, tenant).await? else {
        return Ok(Resumed::WasNotParked);
    };
    revise(&mut transaction, view).await?;
    let mut at = parked.position - 1;
    while at < to {
        let events = read::of_tenant(&mut *transaction, tenant, at, to, BATCH).await?;
        let Some(last) = events.last() else { break };
        at = last.position;
        fold_into(model, &mut *transaction, view, events, upcasters).await?;
        if let Some(stopped) = checkpoint::parked_tenant(&mut transaction, view, tenant).await? {
            transaction.commit().await?;
            return Ok(Resumed::Stopped(stopped));
        }
    }
    transaction.commit().await?;
    Ok(Resumed::CaughtUp { from: parked.position, to })
}
