//! A pipeline: the named stages that deals go through, in order, each with the probability of winning from there.

mod aggregate;
mod command;
mod default;
mod error;
mod event;
pub mod fixtures;
mod stage;
#[cfg(test)]
mod tests;

pub use aggregate::{MAX_STAGES, Pipeline};
pub use command::{PipelineAction, PipelineCommand};
pub use default::{default_pipeline, default_pipeline_id};
pub use error::PipelineError;
pub use event::PipelineEvent;
pub use stage::Stage;
