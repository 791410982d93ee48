//! What can be asked of a pipeline.

use super::Stage;
use crate::{Command, Percent, StageId, Text};

/// An action on a pipeline, with its times.
pub type PipelineCommand = Command<PipelineAction>;

/// What to do with a pipeline.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PipelineAction {
    /// Set up a new pipeline.
    Create {
        /// What people call it.
        name: Text<200>,
        /// Its stages in order; at least one.
        stages: Vec<Stage>,
    },
    /// Call it something else.
    Rename {
        /// The new name.
        name: Text<200>,
    },
    /// Add a stage.
    AddStage {
        /// The new stage.
        stage: Stage,
        /// The live stage it goes in front of; at the end if none.
        before: Option<StageId>,
    },
    /// Call a live stage something else.
    RenameStage {
        /// Which stage.
        stage: StageId,
        /// Its new name.
        name: Text<100>,
    },
    /// Give a live stage another default probability. Deals in it keep theirs.
    ChangeProbability {
        /// Which stage.
        stage: StageId,
        /// The new default.
        probability: Percent,
    },
    /// Put the live stages in another order.
    ReorderStages {
        /// Each live stage exactly once.
        stages: Vec<StageId>,
    },
    /// Let no more deals into a stage. That none is in it now, the caller guards in the same transaction.
    RetireStage {
        /// Which stage.
        stage: StageId,
    },
}
