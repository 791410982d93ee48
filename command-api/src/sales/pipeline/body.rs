//! Bodies of commands on pipelines.

use domain::sales::pipeline::Stage;
use domain::{Percent, StageId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;
use crate::patch::given;

/// A pipeline to set up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineIn {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "New business")]
    pub name: Text<200>,
    /// Its stages in order, with names that differ.
    #[schema(min_items = 1, max_items = 50)]
    pub stages: Vec<FirstStageIn>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// A stage of a new pipeline.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstStageIn {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Proposal")]
    pub name: Text<100>,
    /// How likely a deal in it is won, in percent.
    #[schema(value_type = u8, minimum = 0, maximum = 100, example = 50)]
    pub probability: Percent,
}

/// What to change about a pipeline.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelinePatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "New business")]
    pub name: Option<Text<200>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// A stage to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageIn {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Proposal")]
    pub name: Text<100>,
    /// How likely a deal in it is won, in percent.
    #[schema(value_type = u8, minimum = 0, maximum = 100, example = 50)]
    pub probability: Percent,
    /// The stage it goes in front of; at the end if left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub before_stage_id: Option<StageId>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a stage: fields that are left out stay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StagePatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100, example = "Proposal")]
    pub name: Option<Text<100>>,
    /// How likely a deal that enters it from now on is won, in percent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u8, required = false, minimum = 0, maximum = 100, example = 50)]
    pub probability: Option<Percent>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// A new order of stages.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderIn {
    /// Each live stage exactly once.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub stage_ids: Vec<StageId>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl FirstStageIn {
    /// The stage, under a new id.
    pub(super) fn named(self, id: StageId) -> Stage {
        Stage { id, name: self.name, probability: self.probability }
    }
}
