//! The same rows, inserted as fast as PostgreSQL takes them: no head, no decision, no answer to anybody.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use event_store::{Recorded, read};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::rounds::Client;
use crate::servers::Place;

/// Rows of each statement: as many as the appender takes at most.
const BATCH: usize = 512;
/// Statements at a time: as many as the appender has under way.
const STREAMS: usize = 2;

const INSERT: &str = "insert into public.raw_event
    (position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version,
     payload, metadata, recorded_at)
    select position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version,
        payload::jsonb, metadata::jsonb, now()
    from unnest(
        $1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::integer[],
        $9::text[], $10::text[]
    ) as e (position, tenant_id, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version,
        payload, metadata)";

/// A connection that inserts batches of rows like those of the log.
pub struct RawInsert {
    connection: PgConnection,
    sample: Arc<Vec<Sample>>,
    next: Arc<AtomicI64>,
}

/// A row of the log, with what is the same in each copy of it.
struct Sample {
    event: Recorded,
    payload: String,
    metadata: String,
}

impl RawInsert {
    pub const NOTE: &str = "The same workload by 256 clients. Raw insert is `insert … select from unnest` of the rows that it \
        wrote, 512 at a time over 2 connections, into a table with the same columns and indexes: no row of the head, no \
        row-level security, no decision, and nobody who waits for an answer.";

    /// Streams of rows like the last that the log has.
    pub async fn streams(place: &Place) -> anyhow::Result<Vec<Self>> {
        place
            .execute(
                "drop table if exists public.raw_event;
                 create table public.raw_event (like log.event including all)",
            )
            .await?;
        let mut owner = place.owner().await?;
        let head = read::head(&mut owner).await?;
        let rows = i64::try_from(BATCH * 10)?;
        let events = read::after(&mut owner, (head - rows).max(0), rows).await?;
        owner.close().await?;
        let sample = events.into_iter().map(Sample::of).collect::<Result<Vec<_>, _>>()?;
        let (sample, next) = (Arc::new(sample), Arc::new(AtomicI64::new(0)));
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let connection = place.owner().await?;
            streams.push(Self { connection, sample: sample.clone(), next: next.clone() });
        }
        Ok(streams)
    }
}

impl Sample {
    fn of(event: Recorded) -> serde_json::Result<Self> {
        let payload = event.payload.to_string();
        let metadata = serde_json::to_string(&event.metadata)?;
        Ok(Self { event, payload, metadata })
    }
}

impl Client for RawInsert {
    async fn act(&mut self) -> anyhow::Result<u64> {
        let batch = i64::try_from(BATCH)?;
        let first = self.next.fetch_add(batch, Ordering::Relaxed);
        let skipped = usize::try_from(first)? % self.sample.len().max(1);
        let rows: Vec<&Sample> = self.sample.iter().cycle().skip(skipped).take(BATCH).collect();
        // Rows of one aggregate stay together under an id that is new in each batch, and in each lap of the sample.
        let mut ids: HashMap<(Uuid, usize), Uuid> = HashMap::new();
        let aggregates: Vec<Uuid> = (skipped..)
            .zip(&rows)
            .map(|(place, row)| (row.event.aggregate_id, place / self.sample.len()))
            .map(|aggregate| *ids.entry(aggregate).or_insert_with(Uuid::now_v7))
            .collect();
        let done = sqlx::query(INSERT)
            .bind((first + 1..=first + batch).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event.tenant_id).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event.aggregate_type.as_str()).collect::<Vec<_>>())
            .bind(aggregates)
            .bind(rows.iter().map(|row| row.event.sequence).collect::<Vec<_>>())
            .bind(rows.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event.event_type.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event.event_version).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.payload.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.metadata.as_str()).collect::<Vec<_>>())
            .execute(&mut self.connection)
            .await?;
        Ok(done.rows_affected())
    }
}
