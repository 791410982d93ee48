//! `sales_stage_stay`: each stay of a deal in a stage, with how it ended; the stage report reads it.

use chrono::{DateTime, Utc};
use domain::sales::opportunity::{Direction, OpportunityEvent};
use domain::{Event, OpportunityId, PipelineId, StageId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OPPORTUNITY;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A stay of a deal in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageStay {
    /// The deal.
    pub opportunity_id: OpportunityId,
    /// Its pipeline.
    pub pipeline_id: PipelineId,
    /// The stage.
    pub stage_id: StageId,
    /// Which stay of this deal it is, from 1.
    pub stay: u32,
    /// When it began.
    pub entered_at: DateTime<Utc>,
    /// When it ended, if it has.
    pub left_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub left_by: Option<LeftBy>,
}

/// How a stay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftBy {
    /// On to a later stage.
    Advanced,
    /// Back to an earlier stage.
    Returned,
    /// The deal was won.
    Won,
    /// The deal was lost.
    Lost,
}

/// The read model.
pub struct StageStays;

/// The id of a stay's row.
fn row_id(opportunity: Uuid, stay: u32) -> Uuid {
    Uuid::new_v5(&opportunity, &stay.to_be_bytes())
}

impl Projection for StageStays {
    type Row = StageStay;
    const NAME: &'static str = "sales_stage_stay";
    const READS: &'static [&'static str] = &[OPPORTUNITY];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        let Event::Opportunity(event) = &fact.payload else { return Vec::new() };
        let id = |stay| row_id(fact.aggregate_id, stay);
        match event {
            OpportunityEvent::Opened { .. } => vec![id(1)],
            OpportunityEvent::Moved { stay, .. } => vec![id(*stay), id(*stay + 1)],
            OpportunityEvent::Won { stay, .. }
            | OpportunityEvent::Lost { stay, .. }
            | OpportunityEvent::Reopened { stay, .. } => vec![id(*stay)],
            OpportunityEvent::Withdrawn { stay, .. } => (1..=*stay).map(id).collect(),
            OpportunityEvent::Revised { .. }
            | OpportunityEvent::Assigned { .. }
            | OpportunityEvent::ActivityLogged { .. }
            | OpportunityEvent::Erased {} => Vec::new(),
        }
    }

    fn apply(row: &mut Option<StageStay>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Opportunity(event) = &fact.payload else { return Ok(()) };
        let entered = |pipeline: PipelineId, stage: StageId, stay: u32, at: DateTime<Utc>| StageStay {
            opportunity_id: OpportunityId::from_uuid(fact.aggregate_id),
            pipeline_id: pipeline,
            stage_id: stage,
            stay,
            entered_at: at,
            left_at: None,
            left_by: None,
        };
        match event {
            OpportunityEvent::Opened { pipeline, stage, at, .. } => {
                *row = Some(entered(*pipeline, *stage, 1, *at));
            }
            OpportunityEvent::Moved { pipeline, to, direction, at, stay, .. } => {
                if key == row_id(fact.aggregate_id, *stay) {
                    existing(row, key, fact)?.leave(*at, (*direction).into());
                } else {
                    *row = Some(entered(*pipeline, *to, *stay + 1, *at));
                }
            }
            OpportunityEvent::Won { at, .. } => existing(row, key, fact)?.leave(*at, LeftBy::Won),
            OpportunityEvent::Lost { at, .. } => existing(row, key, fact)?.leave(*at, LeftBy::Lost),
            OpportunityEvent::Reopened { pipeline, to, at, stay, .. } => {
                *row = Some(entered(*pipeline, *to, *stay, *at));
            }
            OpportunityEvent::Withdrawn { .. } => *row = None,
            OpportunityEvent::Revised { .. }
            | OpportunityEvent::Assigned { .. }
            | OpportunityEvent::ActivityLogged { .. }
            | OpportunityEvent::Erased {} => {}
        }
        Ok(())
    }
}

impl StageStay {
    fn leave(&mut self, at: DateTime<Utc>, by: LeftBy) {
        self.left_at = Some(at);
        self.left_by = Some(by);
    }
}

impl From<Direction> for LeftBy {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Forward => LeftBy::Advanced,
            Direction::Back => LeftBy::Returned,
        }
    }
}
