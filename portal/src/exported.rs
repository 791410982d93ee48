//! What operators take out by commands, in the trail of each tenant whose data it is.

use std::collections::BTreeMap;

use access::TrailTable;
use anyhow::Context as _;
use domain::TenantId;
use edge::trail::{Entry, Kind, TrailSink as _};
use event_store::{Duty, connect};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::site::Site;

/// Who does what operators do.
const OPERATOR: &str = "crm";

/// An export that the trail knows of.
pub struct Exported {
    table: TrailTable,
    begun: BTreeMap<Uuid, (Entry, u64)>,
}

impl Exported {
    /// Records that `what` leaves, of one tenant or of all that `log` has. Only then may it leave.
    pub async fn begin(
        site: &Site,
        log: &PgPool,
        what: &'static str,
        tenant: Option<Uuid>,
    ) -> anyhow::Result<Self> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant],
            None => sqlx::query_scalar(include_str!("exported/tenants.sql")).fetch_all(log).await?,
        };
        let login = std::env::var("USER").unwrap_or_default();
        let detail =
            json!({"what": what, "format": "ndjson", "login": login.chars().take(64).collect::<String>()});
        let entry = |tenant: Uuid| {
            let begun = Entry::new(Kind::Export, TenantId::from_uuid(tenant), OPERATOR);
            (tenant, (begun.with_code("begun").with_detail(detail.clone()), 0))
        };
        let exported = Self {
            table: TrailTable::new(connect(&site.database_url, Duty::Trail, 1)?),
            begun: tenants.into_iter().map(entry).collect(),
        };
        exported.write(exported.begun.values().map(|(entry, _)| entry.clone()).collect()).await?;
        Ok(exported)
    }

    /// A row of a tenant has left.
    pub fn add(&mut self, tenant: Uuid) {
        if let Some((_, rows)) = self.begun.get_mut(&tenant) {
            *rows += 1;
        }
    }

    /// Records how it ended: `finished` or `broken_off`.
    pub async fn end(self, code: &'static str) -> anyhow::Result<()> {
        let told = self.begun.values().map(|(begun, rows)| {
            let mut detail = begun.detail.clone().unwrap_or_default();
            detail["rows"] = json!(rows);
            begun.again().with_code(code).with_detail(detail)
        });
        self.write(told.collect()).await
    }

    async fn write(&self, entries: Vec<Entry>) -> anyhow::Result<()> {
        for portion in entries.chunks(500) {
            self.table.write(portion).await.context("an export could not be recorded in the trail")?;
        }
        Ok(())
    }
}
