//! What clients asked for and what they were told, in a file outside of the database.
//!
//! A line is written, in one write without a buffer, before a command is sent and after it was acknowledged. The judge
//! knows only this file.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A command as it is sent, each time the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// `Idempotency-Key` and `X-Request-Id`, by which the log names its events.
    pub key: String,
    /// Who sends it: its commands come one after the other.
    pub client: usize,
    /// Whose data it is about.
    pub tenant: Uuid,
    /// `POST` or `PATCH`.
    pub method: String,
    /// Under `/api/v1`.
    pub path: String,
    /// The JSON.
    pub body: Value,
    /// The event that it leads to, exactly one of it.
    pub event_type: String,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The thing.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// The position of the event.
    pub position: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Sent(Command),
    Acknowledged { key: String, answer: Acknowledged, at_ms: u64 },
}

/// The journal while clients write it.
pub struct Journal {
    file: Mutex<File>,
    path: PathBuf,
    begun: Instant,
    acknowledged: AtomicU64,
}

/// The journal as the judge reads it, by key.
pub type Entries = BTreeMap<String, (Command, Option<Acknowledged>)>;

impl Journal {
    /// A new journal.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self {
            file: Mutex::new(file),
            path: path.to_owned(),
            begun: Instant::now(),
            acknowledged: AtomicU64::new(0),
        })
    }

    /// Before the command is sent for the first time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sent(&self, command: &Command) -> anyhow::Result<()> {
        self.write(&Line::Sent(command.clone()))
    }

    /// After the whole answer has arrived.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn acknowledged(&self, key: &str, answer: &Acknowledged) -> anyhow::Result<()> {
        let at_ms = u64::try_from(self.begun.elapsed().as_millis())?;
        self.write(&Line::Acknowledged { key: key.to_owned(), answer: answer.clone(), at_ms })?;
        self.acknowledged.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// How many commands were acknowledged.
    pub fn count(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    fn write(&self, line: &Line) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(file.write_all(&text)?)
    }

    /// All of it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> anyhow::Result<Entries> {
        let mut entries = Entries::new();
        for line in BufReader::new(File::open(&self.path)?).lines() {
            match serde_json::from_str(&line?)? {
                Line::Sent(command) => {
                    entries.insert(command.key.clone(), (command, None));
                }
                Line::Acknowledged { key, answer, .. } => {
                    let entry = entries.get_mut(&key).context("acknowledged before it was sent")?;
                    entry.1 = Some(answer);
                }
            }
        }
        Ok(entries)
    }
}
