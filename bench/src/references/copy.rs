//! The same rows by `COPY`: the fastest way into a table that PostgreSQL has.

use std::time::Instant;

use crate::servers::Place;

/// Bytes sent at a time.
const CHUNK: usize = 256 * 1024;

/// The rows of a read model in the text format of `COPY`.
pub struct Copied {
    table: &'static str,
    text: Vec<u8>,
    rows: u64,
}

impl Copied {
    /// Those that the read model has now.
    pub async fn of(place: &Place, table: &'static str) -> anyhow::Result<Self> {
        use futures::TryStreamExt as _;
        let mut owner = place.owner().await?;
        let sql = format!(
            "copy (select tenant_id, id, position, doc from read_model.{table} order by position, id) to stdout"
        );
        let chunks = owner.copy_out_raw(&sql).await?;
        let text = chunks.try_fold(Vec::new(), async |mut text, chunk| {
            text.extend_from_slice(&chunk);
            Ok(text)
        });
        let text = text.await?;
        let rows = u64::try_from(text.iter().filter(|byte| **byte == b'\n').count())?;
        Ok(Self { table, text, rows })
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Seconds that `COPY` into a new, empty table takes.
pub async fn copy(place: &Place, copied: &Copied) -> anyhow::Result<f64> {
    let Copied { table, text, rows } = copied;
    let mut owner = place.owner().await?;
    let sql = format!(
        "drop table if exists public.{table};
         create table public.{table} (like read_model.{table} including generated including indexes);
         checkpoint"
    );
    sqlx::raw_sql(&sql).execute(&mut owner).await?;
    let begun = Instant::now();
    let mut into =
        owner.copy_in_raw(&format!("copy public.{table} (tenant_id, id, position, doc) from stdin")).await?;
    for chunk in text.chunks(CHUNK) {
        into.send(chunk).await?;
    }
    let done = into.finish().await?;
    let elapsed = begun.elapsed().as_secs_f64();
    anyhow::ensure!(done == *rows, "COPY took {done} of {rows} rows");
    Ok(elapsed)
}
