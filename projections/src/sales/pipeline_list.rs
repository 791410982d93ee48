//! `sales_pipeline_list`: pipelines with their stages in order.

use chrono::{DateTime, Utc};
use domain::sales::pipeline::{PipelineEvent, Stage};
use domain::{Event, PipelineId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PIPELINE;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineRow {
    /// Its id.
    pub id: PipelineId,
    /// What people call it.
    pub name: Text<200>,
    /// The stages that take deals, in order.
    pub stages: Vec<Stage>,
    /// The stages that take no more deals.
    pub retired: Vec<Stage>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// The read model.
pub struct PipelineList;

impl Projection for PipelineList {
    type Row = PipelineRow;
    const NAME: &'static str = "sales_pipeline_list";
    const READS: &'static [&'static str] = &[PIPELINE];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<PipelineRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Pipeline(event) = &fact.payload else { return Ok(()) };
        if let PipelineEvent::Created { name, stages } = event {
            *row = Some(PipelineRow {
                id: PipelineId::from_uuid(key),
                name: name.clone(),
                stages: stages.clone(),
                retired: Vec::new(),
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let pipeline = existing(row, key, fact)?;
        match event {
            PipelineEvent::Created { .. } => {}
            PipelineEvent::Renamed { to, .. } => pipeline.name = to.clone(),
            PipelineEvent::StageAdded { stage, before } => {
                let place = pipeline.stages.iter().position(|live| Some(live.id) == *before);
                pipeline.stages.insert(place.unwrap_or(pipeline.stages.len()), stage.clone());
            }
            PipelineEvent::StageRenamed { stage, to, .. } => {
                for live in pipeline.stages.iter_mut().filter(|live| live.id == *stage) {
                    live.name = to.clone();
                }
            }
            PipelineEvent::StageProbabilityChanged { stage, to, .. } => {
                for live in pipeline.stages.iter_mut().filter(|live| live.id == *stage) {
                    live.probability = *to;
                }
            }
            PipelineEvent::StagesReordered { to, .. } => {
                pipeline.stages.sort_by_key(|live| to.iter().position(|id| *id == live.id));
            }
            PipelineEvent::StageRetired { stage } => {
                pipeline.stages.retain(|live| live.id != stage.id);
                pipeline.retired.push(stage.clone());
            }
        }
        pipeline.updated_at = fact.recorded_at;
        pipeline.version = fact.sequence;
        Ok(())
    }
}
