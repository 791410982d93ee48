//! The same rows, upserted as fast as PostgreSQL takes them: nothing received, nothing loaded, nothing folded.

use std::time::{Duration, Instant};

use projections::registry;
use sqlx::PgConnection;
use tokio::time::sleep;
use uuid::Uuid;

use crate::servers::Place;

/// Rows of each statement: as many as the events of the largest batch of a projection.
pub const BATCH: usize = 2_000;
/// How long the sessions of the projections may take to tell what they wrote.
const PATIENCE: Duration = Duration::from_secs(20);

/// A row of a read model, whichever it is.
type ModelRow = (Uuid, Uuid, i64, String);

/// What the projections wrote.
pub struct Written {
    tables: Vec<Table>,
}

struct Table {
    name: &'static str,
    rows: Vec<ModelRow>,
    /// How many rows were written, each as often as it changed.
    count: usize,
}

impl Written {
    pub fn count(&self) -> usize {
        self.tables.iter().map(|table| table.count).sum()
    }
}

/// The rows of all read models, and how often they were written since they were last truncated and the counts reset.
pub async fn written(place: &Place) -> anyhow::Result<Written> {
    let mut owner = place.owner().await?;
    let mut tables = Vec::new();
    for model in registry() {
        let name = model.name();
        let sql =
            format!("select tenant_id, id, position, doc::text from read_model.{name} order by position, id");
        let rows: Vec<ModelRow> = sqlx::query_as(&sql).fetch_all(&mut owner).await?;
        let count = writes(&mut owner, name, rows.len()).await?;
        tables.push(Table { name, rows, count });
    }
    Ok(Written { tables })
}

/// How often a row of the table was inserted or updated. Sessions tell it late, so it is asked until it stays the same.
async fn writes(owner: &mut PgConnection, table: &str, rows: usize) -> anyhow::Result<usize> {
    let begun = Instant::now();
    let mut last = 0;
    loop {
        let count: i64 = sqlx::query_scalar(
            "select n_tup_ins + n_tup_upd from pg_stat_user_tables where schemaname = 'read_model' and relname = $1",
        )
        .bind(table)
        .fetch_one(&mut *owner)
        .await?;
        let count = usize::try_from(count)?;
        if count >= rows && count == last {
            return Ok(count);
        }
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "PostgreSQL does not tell how many rows of {table} were written"
        );
        last = count;
        sleep(Duration::from_millis(300)).await;
    }
}

/// Seconds to write it all again, into empty tables with the same columns and indexes.
pub async fn write(place: &Place, written: &Written) -> anyhow::Result<f64> {
    let mut owner = place.owner().await?;
    for Table { name, .. } in &written.tables {
        let sql = format!(
            "drop table if exists public.{name};
             create table public.{name} (like read_model.{name} including generated including indexes)"
        );
        sqlx::raw_sql(&sql).execute(&mut owner).await?;
    }
    sqlx::raw_sql("checkpoint").execute(&mut owner).await?;
    let begun = Instant::now();
    for Table { name, rows, count } in &written.tables {
        let sql = format!(
            "insert into public.{name} (tenant_id, id, position, doc)
             select u.tenant_id, u.id, u.position, u.doc::jsonb
             from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) as u (tenant_id, id, position, doc)
             on conflict (tenant_id, id) do update set position = excluded.position, doc = excluded.doc"
        );
        // No statement may write a row twice.
        let batch = BATCH.min(rows.len());
        let mut stream = rows.iter().cycle();
        let mut rest = *count;
        while rest > 0 {
            let rows: Vec<&ModelRow> = stream.by_ref().take(batch.min(rest)).collect();
            rest -= rows.len();
            sqlx::query(&sql)
                .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
                .bind(rows.iter().map(|row| row.3.as_str()).collect::<Vec<_>>())
                .execute(&mut owner)
                .await?;
        }
    }
    Ok(begun.elapsed().as_secs_f64())
}
