//! The import: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{ImportAction, ImportCommand, ImportError, ImportEvent};
use crate::Text;

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ImportKind {
    /// A lead each.
    Leads,
    /// A deal each.
    Opportunities,
}

/// The file of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What the rows are.
    pub kind: ImportKind,
    /// The name of the file, without its folder.
    pub file: Text<255>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: Text<64>,
    /// Rows in the file, without the heading.
    pub rows: u32,
}

/// A run of a file import, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Import {
    /// Not started yet.
    #[default]
    Unborn,
    /// Under way, or interrupted.
    Running {
        /// The file.
        source: Source,
    },
    /// All rows were tried.
    Finished {
        /// The file.
        source: Source,
        /// Rows that became leads or deals.
        accepted: u32,
        /// Rows that were refused.
        rejected: u32,
    },
    /// Taken back.
    Undone,
}

impl Import {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: ImportCommand) -> Result<Vec<ImportEvent>, ImportError> {
        command.not_in_future(ImportError::OccurredInFuture)?;
        command.not_too_early(ImportError::OccurredTooEarly)?;
        let event = match command.action {
            ImportAction::Start(source) => self.start(source)?,
            ImportAction::Finish { accepted, rejected } => self.finish(accepted, rejected)?,
            ImportAction::Undo { withdrawn, kept } => self.undo(withdrawn, kept)?,
        };
        Ok(event.into_iter().collect())
    }

    fn start(&self, new: Source) -> Result<Option<ImportEvent>, ImportError> {
        match self {
            Self::Unborn => {
                let Source { kind, file, sha256, rows } = new;
                Ok(Some(ImportEvent::Started { kind, file, sha256, rows }))
            }
            Self::Running { source } if *source == new => Ok(None),
            Self::Running { .. } => Err(ImportError::AnotherFile),
            Self::Finished { .. } | Self::Undone => Err(ImportError::Finished),
        }
    }

    fn finish(&self, accepted: u32, rejected: u32) -> Result<Option<ImportEvent>, ImportError> {
        match self {
            Self::Unborn => Err(ImportError::NotFound),
            Self::Running { .. } => Ok(Some(ImportEvent::Finished { accepted, rejected })),
            Self::Finished { accepted: a, rejected: r, .. } if (*a, *r) == (accepted, rejected) => Ok(None),
            Self::Finished { .. } | Self::Undone => Err(ImportError::Finished),
        }
    }

    fn undo(&self, withdrawn: u32, kept: u32) -> Result<Option<ImportEvent>, ImportError> {
        match self {
            Self::Unborn => Err(ImportError::NotFound),
            Self::Running { .. } => Err(ImportError::Running),
            Self::Finished { .. } => Ok(Some(ImportEvent::Undone { withdrawn, kept })),
            Self::Undone => Ok(None),
        }
    }
}

impl Aggregate for Import {
    const TYPE: &'static str = "sales.import";
    type Command = ImportCommand;
    type Event = ImportEvent;
    type Error = ImportError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            ImportEvent::Started { kind, file, sha256, rows } => {
                *self = Self::Running { source: Source { kind, file, sha256, rows } };
            }
            ImportEvent::Finished { accepted, rejected } => {
                if let Self::Running { source } = self {
                    *self = Self::Finished { source: source.clone(), accepted, rejected };
                }
            }
            ImportEvent::Undone { .. } => *self = Self::Undone,
        }
    }
}
