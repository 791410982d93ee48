//! The SQL that all read models share: load rows, store rows. Tables differ only in their name.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::fold::{Changes, RowKey, StoredRow};

/// Loads the rows that are there.
///
/// The shape keeps to the primary key: a plan that was cached while the table was empty would read all of it for ever.
pub(crate) async fn load(
    connection: &mut PgConnection,
    table: &str,
    keys: &[RowKey],
) -> Result<Vec<StoredRow>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = keys.iter().copied().unzip();
    let sql = format!(
        "select r.tenant_id, r.id, r.doc from unnest($1::uuid[], $2::uuid[]) as k (tenant_id, id)
         cross join lateral (
             select * from read_model.{table} as r where (r.tenant_id, r.id) = (k.tenant_id, k.id) limit 1
         ) as r"
    );
    let rows: Vec<(Uuid, Uuid, Value)> =
        sqlx::query_as(&sql).bind(tenants).bind(ids).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(tenant, id, doc)| StoredRow { key: (tenant, id), doc }).collect())
}

/// Writes all changes in at most two statements.
pub(crate) async fn store(
    connection: &mut PgConnection,
    table: &str,
    changes: Changes,
) -> Result<(), sqlx::Error> {
    if !changes.upserts.is_empty() {
        let sql = format!(
            "insert into read_model.{table} (tenant_id, id, position, doc)
             select u.tenant_id, u.id, u.position, u.doc::jsonb
             from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) as u (tenant_id, id, position, doc)
             on conflict (tenant_id, id) do update set position = excluded.position, doc = excluded.doc"
        );
        let count = changes.upserts.len();
        let mut columns = (
            Vec::with_capacity(count),
            Vec::with_capacity(count),
            Vec::with_capacity(count),
            Vec::with_capacity(count),
        );
        for ((tenant, id), position, doc) in changes.upserts {
            columns.0.push(tenant);
            columns.1.push(id);
            columns.2.push(position);
            columns.3.push(doc);
        }
        sqlx::query(&sql)
            .bind(columns.0)
            .bind(columns.1)
            .bind(columns.2)
            .bind(columns.3)
            .execute(&mut *connection)
            .await?;
    }
    if !changes.deletes.is_empty() {
        let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = changes.deletes.into_iter().unzip();
        let sql = format!(
            "delete from read_model.{table} as r using unnest($1::uuid[], $2::uuid[]) as d (tenant_id, id)
             where (r.tenant_id, r.id) = (d.tenant_id, d.id)"
        );
        sqlx::query(&sql).bind(tenants).bind(ids).execute(connection).await?;
    }
    Ok(())
}
