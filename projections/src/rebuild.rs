//! Filling a read model anew from the log, beside the live one; comparing the two; switching.

use std::time::Duration;

use event_store::{Duty, Recorded, Upcasters, read};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::checkpoint;
use crate::fold::keys;
use crate::progress::revise;
use crate::registry::ReadModel;
use crate::runner::{Rows as _, RunError, fold_into};

/// Positions read at a time.
const BATCH: i64 = 5_000;
/// Rows held in memory before they are written: a row is written once for all events that fall in between.
const ROWS: usize = 20_000;

/// How often, and at what distance, it is looked whether the live read model has folded the erasures that there are.
const ERASURE_LOOKS: u32 = 100;
const ERASURE_PAUSE: Duration = Duration::from_millis(100);

/// What the session of a rebuild calls itself, followed by its read model and how far it is:
/// `crm-rebuild sales_lead_list 5000/12000`. So whoever looks at the server's sessions sees the progress.
pub const SESSION: &str = "crm-rebuild";

/// Where a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last position folded.
    pub position: i64,
    /// How far the live read model was when it was last looked at.
    pub live: i64,
}

/// What a comparison of the live read model with its rebuild found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The position at which both were compared.
    pub position: i64,
    /// Rows of the rebuild.
    pub rows: i64,
    /// Rows that differ, or that only one of them has.
    pub differing: i64,
    /// The first of these, by tenant and id.
    pub first: Option<Difference>,
    /// Tenants whose rows stand still in the rebuild.
    pub parked: i64,
}

/// A row that is not what the log says.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Difference {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The row.
    pub id: Uuid,
    /// The live row as JSON text, if there is one.
    pub live: Option<String>,
    /// The rebuilt row as JSON text, if there is one.
    pub rebuilt: Option<String>,
}

/// What to do once the comparison is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Replace the live read model.
    Switch,
    /// Leave it as it is.
    Discard,
}

/// Fills the read model beside the live one, up to where that is; compares, and then switches or discards.
///
/// `connection` belongs to the owner of the schema. Reads go on all the time; the live runner waits only while the last
/// events are folded, compared and switched. Tenants that cannot be folded are parked in the new version.
pub async fn rebuild(
    connection: &mut PgConnection,
    model: &ReadModel,
    upcasters: Upcasters,
    then: Then,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Comparison, RunError> {
    let next = Next::create(connection, model, upcasters).await?;
    let mut at = 0;
    loop {
        let mut transaction = connection.begin().await?;
        as_projector(&mut transaction).await?;
        let live = checkpoint::position(&mut *transaction, model.name()).await?;
        at = next.fold_stretch(&mut transaction, at, live, &mut progress).await?;
        transaction.commit().await?;
        if at >= live {
            break;
        }
    }
    let comparison = next.finish(connection, at, then, &mut progress).await?;
    next.discard(connection).await?;
    unlock(connection, model).await?;
    call_session(connection, "crm").await?;
    Ok(comparison)
}

async fn as_projector(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(format!("set local role {}", Duty::Projector.role()).as_str()).await?;
    Ok(())
}

async fn call_session(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('application_name', $1, false)").bind(name).execute(connection).await?;
    Ok(())
}

async fn unlock(connection: &mut PgConnection, model: &ReadModel) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_unlock(hashtextextended($1, 0))")
        .bind(model.name())
        .execute(connection)
        .await?;
    Ok(())
}

/// The table that is being filled.
struct Next<'a> {
    model: &'a ReadModel,
    upcasters: Upcasters,
    live: &'static str,
    table: String,
}

impl<'a> Next<'a> {
    async fn create(
        connection: &mut PgConnection,
        model: &'a ReadModel,
        upcasters: Upcasters,
    ) -> Result<Self, sqlx::Error> {
        // Of two rebuilds of the same read model the second waits.
        sqlx::query("select pg_advisory_lock(hashtextextended($1, 0))")
            .bind(model.name())
            .execute(&mut *connection)
            .await?;
        let next = Self { model, upcasters, live: model.name(), table: format!("{}__next", model.name()) };
        next.discard(connection).await?;
        let Self { live, table, .. } = &next;
        connection
            .execute(
                // Nobody but this rebuild reads it, by its key, and after a crash it is thrown away. So it needs neither
                // the other indexes nor the write-ahead log; the live table keeps both.
                format!(
                    "create unlogged table read_model.{table} (
                         like read_model.{live} including generated, primary key (tenant_id, id)
                     );
                     select read_model.secure('read_model.{table}')"
                )
                .as_str(),
            )
            .await?;
        Ok(next)
    }

    async fn discard(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let table = &self.table;
        connection.execute(format!("drop table if exists read_model.{table}").as_str()).await?;
        sqlx::query("delete from read_model.parked where view = $1").bind(table).execute(connection).await?;
        Ok(())
    }

    /// Folds the events after `from` up to `live`, which the log has, in memory, and writes the rows that come of it; stops
    /// earlier if those are many. Tells how far it came.
    async fn fold_stretch(
        &self,
        connection: &mut PgConnection,
        from: i64,
        live: i64,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<i64, RunError> {
        let fold = &self.model.fold;
        let parked = checkpoint::parked_tenants(connection, &self.table).await?;
        let mut sheet = fold.begin();
        let mut at = from;
        let mut ahead = None;
        while at < live && sheet.rows() < ROWS {
            let last = live.min(at + BATCH);
            let mut events = match ahead.take() {
                Some(events) => events,
                None => self.read(connection, at, last).await?,
            };
            events.retain(|event| !parked.contains(&event.tenant_id));
            let events = connection.open(events, self.upcasters).await?;
            let (decoder, upcasters) = (fold.clone(), self.upcasters);
            let steps = tokio::task::spawn_blocking(move || decoder.steps(events, upcasters));
            // Read while the events before are decoded, if they will be needed.
            if last < live && sheet.rows() + usize::try_from(BATCH).unwrap_or(ROWS) < ROWS {
                ahead = Some(self.read(connection, last, live.min(last + BATCH)).await?);
            }
            let steps = steps.await.map_err(|error| sqlx::Error::Io(error.into()))?;
            let stored = match sheet.missing(keys(&steps)) {
                // The table is empty until the end of the first stretch.
                _ if from == 0 => Vec::new(),
                missing => connection.load(&self.table, &missing).await?,
            };
            sheet.fold(stored, steps);
            at = last;
            call_session(connection, &format!("{SESSION} {} {at}/{live}", self.live)).await?;
            progress(Progress { position: at, live });
        }
        let (changes, stops) = sheet.finish()?;
        connection.savepoint().await?;
        match connection.store(&self.table, changes).await.map_err(RunError::from) {
            Ok(()) => {
                connection.release().await?;
                connection.park(&self.table, &stops).await?;
            }
            Err(error) if error.is_refused_row() => {
                connection.undo().await?;
                self.fold_in_batches(connection, from, at).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(at)
    }

    /// Folds the same events in small batches, so that a row that is refused stops its tenant where it should.
    async fn fold_in_batches(
        &self,
        connection: &mut PgConnection,
        from: i64,
        until: i64,
    ) -> Result<(), RunError> {
        let mut at = from;
        while at < until {
            let last = until.min(at + BATCH);
            let mut events = self.read(connection, at, last).await?;
            let parked = checkpoint::parked_tenants(connection, &self.table).await?;
            events.retain(|event| !parked.contains(&event.tenant_id));
            fold_into(self.model, connection, &self.table, events, self.upcasters).await?;
            at = last;
        }
        Ok(())
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        after: i64,
        until: i64,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        read::of_types(connection, self.model.fold.reads(), after, until).await
    }

    /// Under the lock of the live checkpoint: fold up to it, compare, switch.
    async fn finish(
        &self,
        connection: &mut PgConnection,
        mut at: i64,
        then: Then,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Comparison, RunError> {
        let mut looks = 0;
        let mut transaction = loop {
            let mut transaction = connection.begin().await?;
            as_projector(&mut transaction).await?;
            let live = checkpoint::lock(&mut transaction, self.live).await?;
            while at < live {
                at = self.fold_stretch(&mut transaction, at, live, progress).await?;
            }
            looks += 1;
            if looks > ERASURE_LOOKS || !checkpoint::is_before_an_erasure(&mut transaction, at).await? {
                break transaction;
            }
            // The key is gone, and the live rows are not cleared yet: in a moment both tell the same.
            transaction.commit().await?;
            tokio::time::sleep(ERASURE_PAUSE).await;
        };
        let comparison = self.compare(&mut transaction, at).await?;
        if then == Then::Switch {
            self.switch(&mut transaction).await?;
            revise(&mut transaction, self.live).await?;
        }
        transaction.commit().await?;
        Ok(comparison)
    }

    async fn compare(&self, connection: &mut PgConnection, position: i64) -> Result<Comparison, sqlx::Error> {
        let Self { live, table, .. } = self;
        let differing = format!(
            "from read_model.{live} as l full join read_model.{table} as r using (tenant_id, id)
             where (l.doc, l.position) is distinct from (r.doc, r.position)"
        );
        let count: i64 =
            sqlx::query_scalar(&format!("select count(*) {differing}")).fetch_one(&mut *connection).await?;
        let first = sqlx::query_as(&format!(
            "select tenant_id, id, l.doc::text as live, r.doc::text as rebuilt {differing}
             order by tenant_id, id limit 1"
        ))
        .fetch_optional(&mut *connection)
        .await?;
        let (rows, parked): (i64, i64) = sqlx::query_as(&format!(
            "select (select count(*) from read_model.{table}),
                    (select count(*) from read_model.parked where view = $1)"
        ))
        .bind(table)
        .fetch_one(connection)
        .await?;
        Ok(Comparison { position, rows, differing: count, first, parked })
    }

    /// Makes the live table equal to the rebuilt one, for all readers at once. The table itself stays, and with it its
    /// indexes, its grants, and the views that others built on it.
    async fn switch(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Self { live, table, .. } = self;
        connection
            .execute(
                format!(
                    "merge into read_model.{live} as l
                     using read_model.{table} as r on (l.tenant_id, l.id) = (r.tenant_id, r.id)
                     when matched and (l.doc, l.position) is distinct from (r.doc, r.position)
                         then update set doc = r.doc, position = r.position
                     when not matched by target
                         then insert (tenant_id, id, position, doc)
                         values (r.tenant_id, r.id, r.position, r.doc)
                     when not matched by source then delete;
                     delete from read_model.parked where view = '{live}';
                     update read_model.parked set view = '{live}' where view = '{table}'"
                )
                .as_str(),
            )
            .await?;
        Ok(())
    }
}
