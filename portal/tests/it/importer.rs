//! The binary in a folder of its own, and the log that it writes to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use embedded::testing::{self, TestDatabase, TestNats};
use event_store::fixtures;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

pub const TENANT: Uuid = Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0007);

/// A map of deals, whose file [`deals`] makes.
pub const MAP: &str = r#"
[source]
key = "id"

[fields]
name = { column = "name" }
amount = { column = "value", currency = "EUR" }
opened_at = { column = "opened" }
outcome = { column = "outcome" }
closed_at = { column = "closed" }
lost_reason = { value = "Not recorded" }
"#;

/// A file of deals, of which one in two is closed.
pub fn deals(rows: usize) -> String {
    let heading = "id,name,value,opened,outcome,closed\n".to_owned();
    let row = |number: usize| {
        let (outcome, closed) = match number % 4 {
            0 => ("won", "2026-02-03"),
            1 => ("lost", "2026-02-04"),
            _ => ("", ""),
        };
        format!("D{number},Deal {number},{number}.50,2026-01-02,{outcome},{closed}\n")
    };
    heading + &(0..rows).map(row).collect::<String>()
}

/// Events of [`deals`], without those of pipeline and import.
pub fn events_of(rows: usize) -> usize {
    rows + rows.div_ceil(4) + (rows + 2) / 4
}

pub struct Importer {
    pub database: TestDatabase,
    pub folder: TempDir,
    nats: TestNats,
}

/// What a run of the binary came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// An event as far as it does not depend on when it was recorded: sequence, type, payload, and who, when and why.
pub type Fact = (i64, String, Value, Value);

impl Importer {
    pub async fn new() -> Self {
        let (database, nats) = (testing::database().await, testing::nats());
        Self { database, folder: tempfile::tempdir().unwrap(), nats }
    }

    /// With `map.toml` and `rows.csv` in its folder.
    pub async fn with(map: &str, csv: impl AsRef<[u8]>) -> Self {
        let importer = Self::new().await;
        importer.write("map.toml", map);
        importer.write("rows.csv", csv);
        importer
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub fn pool(&self) -> PgPool {
        self.database.pool()
    }

    /// `crm import …`, in the folder.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.crm(&[&["import", "--tenant", &TENANT.to_string()], arguments].concat())
    }

    /// `crm …`, in the folder.
    pub fn crm(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_crm"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.database.url())
            .env("NATS_URL", &self.nats.url)
            .env("CRM_NATS_ROOT", &self.nats.stream)
            .env("CRM_MASTER_KEY", fixtures::MASTER_KEY)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    pub async fn run(&self, arguments: &[&str]) -> Done {
        finished(self.spawn(arguments)).await
    }

    /// Imports `rows.csv` by `map.toml`.
    pub async fn import(&self, kind: &str, more: &[&str]) -> Done {
        self.run(&[&[kind, "rows.csv", "--map", "map.toml"], more].concat()).await
    }

    /// The last event's position: nothing was appended as long as it stays.
    pub async fn head(&self) -> i64 {
        event_store::read::head(&self.pool()).await.unwrap()
    }

    pub async fn count(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("select count(*) from log.event where event_type = $1")
            .bind(event_type)
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }

    /// The id of the newest import.
    pub async fn newest(&self) -> String {
        let list = self.run(&["list"]).await.out;
        list.lines().last().unwrap().split_once(' ').unwrap().0.to_owned()
    }

    /// The facts of each aggregate of this type.
    pub async fn facts(&self, aggregate_type: &str) -> BTreeMap<Uuid, Vec<Fact>> {
        let mut facts: BTreeMap<Uuid, Vec<Fact>> = BTreeMap::new();
        for event in fixtures::opened(&self.pool()).await.unwrap() {
            if event.tenant_id == TENANT && event.aggregate_type == aggregate_type {
                let fact = (event.sequence, event.event_type, event.payload, event.metadata);
                facts.entry(event.aggregate_id).or_default().push(fact);
            }
        }
        facts
    }

    /// Waits until the log has this many events of a type.
    pub async fn reach(&self, event_type: &str, events: i64) {
        let reached = async { while self.count(event_type).await < events {} };
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("the log does not grow");
    }

    /// Kills the process as soon as the log has this many events of a type, as `kill -9` does.
    pub async fn kill_at(&self, mut child: Child, event_type: &str, events: i64) {
        self.reach(event_type, events).await;
        child.kill().await.unwrap();
    }
}

pub async fn finished(child: Child) -> Done {
    let output = child.wait_with_output().await.unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Done {
    /// It ended with `code` and printed all of `words`.
    pub fn assert(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word:?} is missing: {self:#?}");
        }
    }
}

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

/// A file among the documents.
pub fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}
