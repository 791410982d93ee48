//! The imports of a tenant, as the log tells of them.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use command_api::CommandApi;
use cqrs_es::Aggregate as _;
use domain::sales::import::{Import, ImportEvent, ImportKind};
use domain::sales::pipeline::Pipeline;
use domain::{ImportId, PipelineId, TenantId};
use event_store::read::Selection;
use event_store::{Metadata, Recorded, read};
use serde::de::DeserializeOwned;

use crate::maintain::upcasters;

/// Events read at a time.
const PAGE: i64 = 1_000;

/// An import that was started.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Its id.
    pub id: ImportId,
    /// What its rows became.
    pub kind: ImportKind,
    /// The name of the file.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Rows in the file.
    pub rows: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How far it came.
    pub progress: Progress,
}

/// How far an import came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Running, or interrupted.
    Unfinished,
    /// All rows were tried.
    Finished {
        /// Rows that became something.
        accepted: u32,
        /// Rows that were left out.
        rejected: u32,
    },
    /// Taken back.
    Undone {
        /// Things that were withdrawn.
        withdrawn: u32,
        /// Things that stay.
        kept: u32,
    },
}

/// All imports of a tenant, the oldest first.
///
/// # Errors
/// If the log cannot be read.
pub async fn imports(app: &CommandApi, tenant: TenantId) -> anyhow::Result<Vec<Past>> {
    let mut imports: Vec<Past> = Vec::new();
    for event in events::<ImportEvent>(app, tenant, Import::TYPE).await? {
        let id = ImportId::from_uuid(event.aggregate_id);
        let known = imports.iter_mut().find(|past| past.id == id);
        match (event.payload, known) {
            (ImportEvent::Started { kind, file, sha256, rows }, _) => imports.push(Past {
                id,
                kind,
                file: file.to_string(),
                sha256: sha256.to_string(),
                rows,
                started_at: event.recorded_at,
                progress: Progress::Unfinished,
            }),
            (ImportEvent::Finished { accepted, rejected }, Some(past)) => {
                past.progress = Progress::Finished { accepted, rejected };
            }
            (ImportEvent::Undone { withdrawn, kept }, Some(past)) => {
                past.progress = Progress::Undone { withdrawn, kept };
            }
            // An import begins with its start; the log cannot hold others.
            (ImportEvent::Finished { .. } | ImportEvent::Undone { .. }, None) => {}
        }
    }
    Ok(imports)
}

/// The pipelines of a tenant, the oldest first.
///
/// # Errors
/// If the log cannot be read.
pub async fn pipelines(app: &CommandApi, tenant: TenantId) -> anyhow::Result<Vec<(PipelineId, Pipeline)>> {
    let mut pipelines: Vec<(PipelineId, Pipeline)> = Vec::new();
    for event in events(app, tenant, Pipeline::TYPE).await? {
        let id = PipelineId::from_uuid(event.aggregate_id);
        match pipelines.iter_mut().find(|(known, _)| *known == id) {
            Some((_, pipeline)) => pipeline.apply(event.payload),
            None => {
                let mut pipeline = Pipeline::default();
                pipeline.apply(event.payload);
                pipelines.push((id, pipeline));
            }
        }
    }
    Ok(pipelines)
}

/// All events of a tenant's aggregates of one type. There are few of the types that are asked for here.
async fn events<E: DeserializeOwned>(
    app: &CommandApi,
    tenant: TenantId,
    aggregate_type: &str,
) -> anyhow::Result<Vec<Recorded<E, Metadata>>> {
    let pool = app.store().pool();
    let selection = Selection {
        tenant: Some(tenant.as_uuid()),
        aggregate_type: Some(aggregate_type.to_owned()),
        ..Selection::default()
    };
    let head = read::head(pool).await.context("cannot read the log; has `crm migrate` been run?")?;
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let page = read::selected(pool, &selection, after, head, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.position;
        for event in page {
            let (name, version) = (event.event_type.clone(), event.event_version);
            let decoded = event
                .try_map(|payload| serde_json::from_value(upcasters().newest(&name, version, payload)))
                .with_context(|| format!("cannot read an event {name} of version {version}"))?;
            all.push(decoded);
        }
    }
}
