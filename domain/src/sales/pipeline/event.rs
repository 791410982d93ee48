//! What happens to a pipeline.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{Percent, StageId, Text};

/// An event of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PipelineEvent {
    /// The pipeline was set up.
    Created {
        /// What people call it.
        name: Text<200>,
        /// Its stages in order.
        stages: Vec<Stage>,
    },
    /// It was given another name.
    Renamed {
        /// The old name.
        from: Text<200>,
        /// The new name.
        to: Text<200>,
    },
    /// A stage was added.
    StageAdded {
        /// The new stage.
        stage: Stage,
        /// The stage it went in front of; at the end if none.
        before: Option<StageId>,
    },
    /// A stage was given another name.
    StageRenamed {
        /// Which stage.
        stage: StageId,
        /// The old name.
        from: Text<100>,
        /// The new name.
        to: Text<100>,
    },
    /// A stage was given another default probability.
    StageProbabilityChanged {
        /// Which stage.
        stage: StageId,
        /// The old default.
        from: Percent,
        /// The new default.
        to: Percent,
    },
    /// The live stages were put in another order.
    StagesReordered {
        /// The old order.
        from: Vec<StageId>,
        /// The new order, of the same stages.
        to: Vec<StageId>,
    },
    /// A stage takes no more deals.
    StageRetired {
        /// The stage as it was last.
        stage: Stage,
    },
}

impl DomainEvent for PipelineEvent {
    fn event_type(&self) -> String {
        format!("pipeline.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
