//! Rows from files to commands, without a log.

mod prepared;
mod rejected;
mod standing;

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeZone as _, Utc};
use cqrs_es::Aggregate as _;
use domain::sales::pipeline::{Pipeline, default_pipeline, default_pipeline_id};
use domain::{Command, ImportId, TenantId};
use tempfile::TempDir;
use uuid::Uuid;

use super::becomes::Becomes;
use super::deals::Deals;
use super::plan::{FileArgs, Plan};
use super::prepare::{Preparation, Prepared, Rejected};
use super::table::DISK;

/// A folder of the data that nobody here wrote; none, said loudly, where it is missing.
pub fn data(folder: &str) -> Option<PathBuf> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let root = std::env::var_os("CRM_TEST_DATA").map_or_else(usual, PathBuf::from);
    let found = root.join(folder);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: there is no {}; CRM_TEST_DATA names the folder of the test data", found.display());
    None
}

pub fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(7))
}

/// The noon at which all rows of these tests are prepared.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 30, 12, 0, 0).unwrap()
}

pub fn deals() -> Deals {
    let mut pipeline = Pipeline::default();
    let created = pipeline.decide(Command::now(default_pipeline(tenant()).unwrap(), now())).unwrap();
    created.into_iter().for_each(|event| pipeline.apply(event));
    Deals { id: default_pipeline_id(tenant()), pipeline }
}

/// A map, a file, and perhaps files to join, in a folder of their own.
pub struct Files {
    pub folder: TempDir,
}

impl Files {
    pub fn new(map: &str, csv: impl AsRef<[u8]>) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.with("map.toml", map).with("rows.csv", csv)
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    pub fn plan<B: Becomes>(&self) -> anyhow::Result<Plan> {
        let file = |name| self.folder.path().join(name);
        let args = FileArgs { file: file("rows.csv"), map: file("map.toml"), join_dir: None };
        Plan::read(&args, B::FIELDS, DISK)
    }

    /// What is wrong with the files or with the values of the map.
    pub fn mistake<B: Becomes>(&self, subject: &B) -> String {
        let plan = match self.plan::<B>() {
            Ok(plan) => plan,
            Err(error) => {
                return format!("{error:#}").replace(&self.folder.path().display().to_string(), ".");
            }
        };
        let preparation = Preparation::new(subject, &plan, import(), now());
        preparation.err().map(|error| error.to_string()).expect("nothing is wrong")
    }

    pub fn prepare<B: Becomes>(&self, subject: &B) -> Vec<Result<Prepared<B::Command>, Rejected>> {
        let plan = self.plan::<B>().unwrap();
        let mut preparation = Preparation::new(subject, &plan, import(), now()).unwrap();
        plan.table.rows().map(|raw| preparation.prepare(raw.unwrap())).collect()
    }

    /// Of each row, what it asks of the aggregate and when, or why it is left out.
    pub fn actions<B: Becomes>(&self, subject: &B) -> Vec<Result<Vec<Asked<B>>, String>> {
        let asked = |prepared: Prepared<B::Command>| {
            let steps = prepared.steps.into_iter().map(|(step, _)| step);
            steps.map(|step| (step.name, step.at, subject.action(&step.command))).collect()
        };
        let rows = self.prepare(subject).into_iter();
        rows.map(|row| row.map(asked).map_err(|rejected| rejected.reason)).collect()
    }

    /// The reasons for which rows are left out, with their lines.
    pub fn reasons<B: Becomes>(&self, subject: &B) -> Vec<(u64, String)> {
        let rejected = self.prepare(subject).into_iter().filter_map(Result::err);
        rejected.map(|Rejected { line, reason, .. }| (line, reason)).collect()
    }
}

type Asked<B> =
    (&'static str, Option<DateTime<Utc>>, <<B as Becomes>::Aggregate as command_api::decide::Decide>::Action);

fn import() -> ImportId {
    ImportId::from_uuid(Uuid::from_u128(11))
}
