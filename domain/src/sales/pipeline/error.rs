//! The rules of pipelines.

use super::MAX_STAGES;
use crate::command::FIRST_YEAR;
use crate::{Rule, RuleKind};

/// A rule of pipelines that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// There is no such pipeline.
    #[error("there is no such pipeline")]
    NotFound,
    /// A pipeline is created once.
    #[error("the pipeline exists already")]
    AlreadyExists,
    /// Nothing occurs in the future.
    #[error("a pipeline cannot be changed in the future")]
    OccurredInFuture,
    /// Nothing is dated before [`FIRST_YEAR`].
    #[error("a pipeline cannot have been changed before {FIRST_YEAR}")]
    OccurredTooEarly,
    /// The pipeline has, and had, no such stage. Also for the caller who puts a deal into it.
    #[error("the pipeline has no such stage")]
    UnknownStage,
    /// A retired stage takes neither changes nor deals.
    #[error("the stage is retired")]
    StageRetired,
    /// The id of a stage is used once, even after the stage retired.
    #[error("the pipeline has, or had, a stage with this id")]
    StageExists,
    /// Two live stages never bear the same name, in whatever case.
    #[error("the pipeline has a stage of this name")]
    DuplicateStageName,
    /// At least one live stage stays.
    #[error("a pipeline keeps at least one stage")]
    LastStage,
    /// A pipeline has at most [`MAX_STAGES`] live stages.
    #[error("a pipeline has at most {MAX_STAGES} stages")]
    TooManyStages,
    /// A new order names each live stage exactly once.
    #[error("the new order must name each stage exactly once")]
    IncompleteOrder,
    /// A stage with open deals is not retired. Raised by the caller, who alone can see the deals.
    #[error("the stage still holds open deals")]
    StageHoldsOpenDeals,
}

impl Rule for PipelineError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "pipeline.not_found",
            Self::AlreadyExists => "pipeline.already_exists",
            Self::OccurredInFuture => "pipeline.occurred_in_future",
            Self::OccurredTooEarly => "pipeline.occurred_too_early",
            Self::UnknownStage => "pipeline.unknown_stage",
            Self::StageRetired => "pipeline.stage_retired",
            Self::StageExists => "pipeline.stage_exists",
            Self::DuplicateStageName => "pipeline.duplicate_stage_name",
            Self::LastStage => "pipeline.last_stage",
            Self::TooManyStages => "pipeline.too_many_stages",
            Self::IncompleteOrder => "pipeline.incomplete_order",
            Self::StageHoldsOpenDeals => "pipeline.stage_holds_open_deals",
        }
    }

    fn kind(&self) -> RuleKind {
        match self {
            Self::NotFound => RuleKind::NotFound,
            Self::OccurredInFuture | Self::OccurredTooEarly | Self::UnknownStage | Self::IncompleteOrder => {
                RuleKind::Invalid
            }
            Self::AlreadyExists
            | Self::StageRetired
            | Self::StageExists
            | Self::DuplicateStageName
            | Self::LastStage
            | Self::TooManyStages
            | Self::StageHoldsOpenDeals => RuleKind::Refused,
        }
    }
}
