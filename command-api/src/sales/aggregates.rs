//! The aggregates of sales, as dispatch sees them.

use domain::StageId;
use domain::sales::Owner;
use domain::sales::import::{Import, ImportAction, ImportCommand, ImportError, ImportEvent};
use domain::sales::lead::{Lead, LeadAction, LeadCommand, LeadError, LeadEvent};
use domain::sales::opportunity::{
    Opportunity, OpportunityAction, OpportunityCommand, OpportunityError, OpportunityEvent,
};
use domain::sales::pipeline::{Pipeline, PipelineAction, PipelineCommand, PipelineError, PipelineEvent};
use edge::Reach;
use event_store::Claim;
use uuid::Uuid;

use crate::decide::{Decide, Occupancy};

/// What open deals in a stage occupy, each by its id; a stage whose scope is unoccupied may retire.
pub(super) fn stage_scope(stage: StageId) -> String {
    format!("stage.{stage}")
}

impl Decide for Pipeline {
    type Action = PipelineAction;

    fn decide(&self, command: PipelineCommand) -> Result<Vec<PipelineEvent>, PipelineError> {
        self.decide(command)
    }
}

impl Decide for Lead {
    type Action = LeadAction;

    fn decide(&self, command: LeadCommand) -> Result<Vec<LeadEvent>, LeadError> {
        self.decide(command)
    }

    fn is_within(&self, reach: &Reach) -> bool {
        reach.covers(self.owner().map(Owner::as_str))
    }
}

impl Decide for Opportunity {
    type Action = OpportunityAction;

    fn decide(&self, command: OpportunityCommand) -> Result<Vec<OpportunityEvent>, OpportunityError> {
        self.decide(command)
    }

    fn is_within(&self, reach: &Reach) -> bool {
        reach.covers(self.deal().and_then(|deal| deal.owner.as_ref()).map(Owner::as_str))
    }

    fn occupancy(&self, id: Uuid, event: &OpportunityEvent) -> Occupancy {
        let claim = |stage| Claim { scope: stage_scope(stage), value: id.to_string() };
        Occupancy::new(event.stage_entered().map(claim), event.stage_left().map(claim))
    }
}

impl Decide for Import {
    type Action = ImportAction;

    fn decide(&self, command: ImportCommand) -> Result<Vec<ImportEvent>, ImportError> {
        self.decide(command)
    }
}
