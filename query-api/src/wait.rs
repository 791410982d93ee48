//! Reading what one has written: waiting for a position, and telling which one was read.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use edge::{Answer, Meta, MinPosition, Problem, Reach, TenantId, ok};
use futures::future::try_join_all;
use projections::Stamp;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::IntoParams;

use crate::app::QueryApi;
use crate::failure;
use crate::tenant::TenantTransaction;

/// How long a read waits at most for the position that was asked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// When it is worth asking again for what a read model does not have yet.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A snapshot of the read models that a request is about.
pub(crate) struct Reading {
    pub(crate) transaction: TenantTransaction,
    pub(crate) freshness: Freshness,
    /// The states of the read models that it shows.
    pub(crate) stamps: Vec<(&'static str, Stamp)>,
    /// When it was begun.
    pub(crate) now: DateTime<Utc>,
}

/// What a snapshot shows of the progress of a read model.
#[derive(FromRow)]
struct Progress {
    #[sqlx(flatten)]
    stamp: Stamp,
    /// The event at which the tenant stands still, if it does.
    parked: Option<i64>,
    /// The end of the log.
    head: i64,
}

/// How far the read models of a snapshot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// All of them have folded the tenant's events up to here.
    pub(crate) position: i64,
    /// Whether that is less than was asked for, if anything was.
    pub(crate) stale: Option<bool>,
    /// Whether the log had more that was asked for.
    behind: bool,
}

impl QueryApi {
    /// Waits until `views` have reached `at_least`, for up to 2 seconds.
    pub(crate) async fn wait(
        &self,
        at_least: Option<MinPosition>,
        views: &[&'static str],
    ) -> Result<(), Problem> {
        if let Some(MinPosition(position)) = at_least {
            let waits = views.iter().map(|view| self.0.positions.wait(view, position, PATIENCE));
            try_join_all(waits).await.map_err(failure::database)?;
        }
        Ok(())
    }

    /// Begins to read what of `views` is within reach, whether they have reached `at_least` or not.
    pub(crate) async fn read(
        &self,
        tenant: TenantId,
        reach: &Reach,
        at_least: Option<MinPosition>,
        views: &[&'static str],
    ) -> Result<Reading, Problem> {
        let (began, now) = (Instant::now(), self.now());
        let mut transaction = self.0.reads.begin(tenant, reach).await.map_err(failure::database)?;
        // Read in the snapshot of the rows, so it is exactly what they stand for.
        let progress: Vec<Progress> = sqlx::query_as(&progress_of(views))
            .fetch_all(transaction.connection())
            .await
            .map_err(failure::database)?;
        let stamps: Vec<_> = views.iter().copied().zip(progress.iter().map(|view| view.stamp)).collect();
        self.0.positions.saw(&stamps, began);
        let position = progress.iter().map(Progress::shown).min().unwrap_or_default();
        let head = progress.first().map_or(0, |view| view.head);
        Ok(Reading { transaction, freshness: Freshness::of(position, head, at_least), stamps, now })
    }
}

/// How far each of these read models is, in their order; where the tenant stands still in it; and the end of the log.
///
/// The names are part of the statement, so it is planned once for a connection. As a parameter they would be planned with
/// for each read, which takes longer than to run it.
fn progress_of(views: &[&'static str]) -> String {
    let wanted = views.iter().enumerate().map(|(place, view)| format!("('{view}', {place})"));
    let wanted = wanted.collect::<Vec<_>>().join(", ");
    format!(
        "select
            coalesce(checkpoint.position, 0) as position, coalesce(checkpoint.revision, 0) as revision,
            checkpoint.moved_at, parked.position as parked, (select position from log.head) as head
        from (values {wanted}) as wanted (view, place)
        left join read_model.checkpoint using (view)
        left join read_model.parked using (view)
        order by wanted.place"
    )
}

impl Progress {
    /// A tenant that stands still has reached only the event before the one that could not be folded, wherever the
    /// read model is.
    fn shown(&self) -> i64 {
        self.parked.map_or(self.stamp.position, |parked| self.stamp.position.min(parked - 1))
    }
}

impl Freshness {
    pub(crate) fn of(position: i64, head: i64, at_least: Option<MinPosition>) -> Self {
        let behind = at_least.is_some_and(|MinPosition(wanted)| position < wanted.min(head));
        Self { position, stale: at_least.map(|MinPosition(wanted)| position < wanted), behind }
    }

    /// The same, for rows as they were at `position`.
    pub(crate) fn at(self, position: i64) -> Self {
        Self { position, ..self }
    }

    /// What to say of a thing that is not there: nobody can tell yet if the read model is behind what was asked for. A
    /// position that the log itself does not have says nothing about that.
    pub(crate) fn not_found(self) -> Problem {
        if self.behind {
            Problem::unavailable(RETRY_AFTER, "The position that was asked for has not been reached yet.")
        } else {
            Problem::not_found()
        }
    }

    /// An answer that tells the position; `meta` says the rest.
    pub(crate) fn answer<T: Serialize>(self, data: T, meta: Meta) -> Answer<T> {
        ok(data).with_meta(Meta { stale: self.stale, ..meta }).with_position(self.position)
    }
}

/// The header of every read of a read model, for its documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct AtLeast {
    /// Waits, up to 2 seconds, until the read model has reached this position, such as the one that a command
    /// answered. If it has not by then, the answer is given all the same, with `meta.stale: true`.
    #[param(rename = "X-Min-Position", minimum = 0, example = 1024)]
    #[expect(dead_code, reason = "It is read by `MinPosition`; this documents it.")]
    position: Option<i64>,
}
