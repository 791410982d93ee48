//! The rules of imports.

use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of imports that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is no such import.
    #[error("there is no such import")]
    NotFound,
    /// Nothing occurs in the future.
    #[error("an import cannot happen in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("an import cannot have happened before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// A run is taken up again with the same file only.
    #[error("the import is running with another file")]
    AnotherFile,
    /// A run that was finished or undone is over; a new one has a new id.
    #[error("the import is finished already")]
    Finished,
    /// Only a finished run can be undone: a running one would go on.
    #[error("the import is still running")]
    Running,
}

impl Rule for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "import.not_found",
            Self::OccurredInFuture => "import.occurred_in_future",
            Self::OccurredTooEarly => "import.occurred_too_early",
            Self::AnotherFile => "import.another_file",
            Self::Finished => "import.finished",
            Self::Running => "import.running",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly => RuleKind::Invalid,
            Self::AnotherFile | Self::Finished | Self::Running => RuleKind::Refused,
        }
    }
}
