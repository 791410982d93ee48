//! Histories of aggregates, read a page at a time, so that memory does not depend on how long they are.
//!
//! No transaction holds the pages together, and none need to: events are added at the end only, and are never changed. What the
//! pages come to is the history as it was at some time since the first was read, and an aggregate that has moved since is for the
//! optimistic lock.

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row as _};
use uuid::Uuid;

use crate::event::Recorded;
use crate::read::COLUMNS;

/// Events of a page.
const PAGE: usize = 500;
/// Events of the first page, for each aggregate that is read. Few have more.
const FIRST_PAGE: usize = 64;
/// Bytes of JSON of a page. A larger event has one to itself.
const PAGE_BYTES: usize = 1024 * 1024;

/// The history of one aggregate.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    tenant: Uuid,
    aggregate: (&'a str, Uuid),
    /// The sequence that was read last; none at the end.
    after: Option<i64>,
    paging: Paging,
}

impl<'a> History<'a> {
    /// From the beginning.
    pub fn of(tenant: Uuid, aggregate: (&'a str, Uuid)) -> Self {
        Self::after(tenant, aggregate, 0)
    }

    /// What comes after a sequence.
    pub fn after(tenant: Uuid, aggregate: (&'a str, Uuid), sequence: i64) -> Self {
        Self { tenant, aggregate, after: Some(sequence), paging: Paging::of(1) }
    }

    /// Whether there was no more when the last page was read.
    pub(crate) fn is_over(&self) -> bool {
        self.after.is_none()
    }

    /// The next events, in order: some, but 500 at most, and no more than a MiB of JSON unless one event is larger. None at the end.
    ///
    /// # Errors
    /// The database is not there. The next call reads the same events.
    pub async fn next(
        &mut self,
        executor: impl PgExecutor<'_>,
    ) -> Result<Option<Vec<Recorded>>, sqlx::Error> {
        let Some(after) = self.after else { return Ok(None) };
        let sql = format!(
            "select {COLUMNS} from log.event
             where tenant_id = $1 and aggregate_type = $2 and aggregate_id = $3 and sequence > $4
             order by sequence limit $5"
        );
        let found = sqlx::query_as(&sql)
            .bind(self.tenant)
            .bind(self.aggregate.0)
            .bind(self.aggregate.1)
            .bind(after)
            .bind(self.paging.limit())
            .fetch(executor);
        let Page { events, is_last } = self.paging.page(found).await?;
        self.after = events.last().filter(|_| !is_last).map(|last| last.sequence);
        Ok((!events.is_empty()).then_some(events))
    }
}

/// The histories of several aggregates of one type, one after the other.
#[derive(Debug)]
pub(crate) struct Histories<'a> {
    tenant: Uuid,
    aggregate_type: &'a str,
    /// The one that a page ended in.
    begun: Option<History<'a>>,
    /// Those of which nothing was read so far.
    left: Vec<Uuid>,
    paging: Paging,
}

impl<'a> Histories<'a> {
    /// From the beginning.
    pub(crate) fn of(tenant: Uuid, aggregate_type: &'a str, ids: Vec<Uuid>) -> Self {
        let paging = Paging::of(ids.len());
        Self { tenant, aggregate_type, begun: None, left: ids, paging }
    }

    /// The next events, as those of [`History::next`]: those of each aggregate in order.
    ///
    /// # Errors
    /// The database is not there. The next call reads the same events.
    pub(crate) async fn next(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<Option<Vec<Recorded>>, sqlx::Error> {
        if let Some(begun) = &mut self.begun {
            if let Some(events) = begun.next(&mut *connection).await? {
                return Ok(Some(events));
            }
            self.begun = None;
        }
        if self.left.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "select {COLUMNS} from log.event
             where tenant_id = $1 and aggregate_type = $2 and aggregate_id = any ($3)
             order by aggregate_id, sequence limit $4"
        );
        let found = sqlx::query_as(&sql)
            .bind(self.tenant)
            .bind(self.aggregate_type)
            .bind(&self.left)
            .bind(self.paging.limit())
            .fetch(connection);
        let Page { events, is_last } = self.paging.page(found).await?;
        match events.last().filter(|_| !is_last) {
            Some(Recorded { aggregate_id, sequence, .. }) => {
                let begun = History::after(self.tenant, (self.aggregate_type, *aggregate_id), *sequence);
                self.begun = Some(begun);
                self.left.retain(|id| id > aggregate_id);
            }
            None => self.left.clear(),
        }
        Ok((!events.is_empty()).then_some(events))
    }
}

/// How many events are asked for next.
#[derive(Clone, Copy, Debug)]
struct Paging {
    limit: usize,
}

struct Page {
    events: Vec<Recorded>,
    /// Whether there is nothing behind it.
    is_last: bool,
}

impl Paging {
    fn of(aggregates: usize) -> Self {
        Self { limit: FIRST_PAGE.saturating_mul(aggregates).min(PAGE) }
    }

    fn limit(self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }

    /// As much of what was found within the limit as is a page. What is left of it is read and given up by the connection, so the
    /// next time no more is asked for than is likely to fit.
    async fn page(
        &mut self,
        mut found: BoxStream<'_, Result<Measured, sqlx::Error>>,
    ) -> Result<Page, sqlx::Error> {
        let (mut events, mut bytes, mut is_full) = (Vec::new(), 0, false);
        while let Some(next) = found.try_next().await? {
            if !events.is_empty() && bytes + next.bytes > PAGE_BYTES {
                is_full = true;
                break;
            }
            bytes += next.bytes;
            events.push(next.event);
        }
        let is_last = !is_full && events.len() < self.limit;
        let fitting = PAGE_BYTES * events.len() / bytes.max(1);
        self.limit = fitting.min(2 * self.limit).clamp(1, PAGE);
        Ok(Page { events, is_last })
    }
}

/// An event with the bytes of its JSON.
struct Measured {
    event: Recorded,
    bytes: usize,
}

impl FromRow<'_, PgRow> for Measured {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let length = |place: usize| -> Result<usize, sqlx::Error> {
            Ok(row.try_get_raw(place)?.as_bytes().map_err(sqlx::Error::Decode)?.len())
        };
        // Payload and metadata.
        Ok(Self { bytes: length(8)? + length(9)?, event: Recorded::from_row(row)? })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use futures::StreamExt as _;
    use futures::stream;
    use serde_json::Value;

    use super::*;

    fn event(sequence: i64) -> Recorded {
        Recorded {
            position: sequence,
            tenant_id: Uuid::nil(),
            aggregate_type: "test.thing".into(),
            aggregate_id: Uuid::nil(),
            sequence,
            event_id: Uuid::nil(),
            event_type: "thing.done".into(),
            event_version: 1,
            payload: Value::Null,
            metadata: Value::Null,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    /// Reads a history of events of these sizes, as a database would give them. Returns how many were asked for each time, and the
    /// sizes that made a page.
    async fn read(sizes: &[usize]) -> Vec<(usize, Vec<usize>)> {
        let mut paging = Paging::of(1);
        let (mut read, mut pages) = (0, Vec::new());
        loop {
            let asked = paging.limit;
            let found = sizes.iter().enumerate().skip(read).take(asked);
            let found = found
                .map(|(at, bytes)| Ok(Measured { event: event(i64::try_from(at).unwrap()), bytes: *bytes }));
            let Page { events, is_last } = paging.page(stream::iter(found).boxed()).await.unwrap();
            let sequences: Vec<usize> =
                events.iter().map(|event| usize::try_from(event.sequence).unwrap()).collect();
            assert_eq!(sequences, (read..read + events.len()).collect::<Vec<_>>());
            pages.push((asked, sizes[read..read + events.len()].to_vec()));
            read += events.len();
            if is_last {
                assert_eq!(read, sizes.len());
                return pages;
            }
        }
    }

    #[tokio::test]
    async fn a_page_is_bounded_by_events_and_by_bytes_whatever_comes_after_what() {
        let (small, large, huge) = (300, 400_000, 3 * PAGE_BYTES);
        let runs = [(small, 25_000), (large, 70), (huge, 3), (small, 700), (huge, 1), (large, 5)];
        let sizes: Vec<usize> = runs.into_iter().flat_map(|(bytes, count)| vec![bytes; count]).collect();
        for (asked, page) in read(&sizes).await {
            assert!(asked <= PAGE && page.len() <= asked);
            assert!(page.len() == 1 || page.iter().sum::<usize>() <= PAGE_BYTES, "{page:?}");
        }
    }

    #[tokio::test]
    async fn a_short_history_is_one_page_and_a_long_one_has_few() {
        assert_eq!(read(&[]).await.len(), 1);
        assert_eq!(read(&[300; FIRST_PAGE - 1]).await.len(), 1);
        let asked: Vec<usize> = read(&[300; 2_000]).await.into_iter().map(|(asked, _)| asked).collect();
        assert_eq!(asked, [64, 128, 256, 500, 500, 500, 500]);
    }

    #[tokio::test]
    async fn of_large_events_no_more_are_asked_for_than_fit() {
        let asked: Vec<usize> = read(&[400_000; 8]).await.into_iter().map(|(asked, _)| asked).collect();
        assert_eq!(asked, [64, 2, 2, 2, 2]);
    }
}
