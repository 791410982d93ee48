//! What commands of sales ask for.

use domain::identity::permission;
use edge::{Permission, Role};

/// To set up pipelines.
pub enum CreatePipeline {}
impl Permission for CreatePipeline {
    const NAME: &'static str = permission::PIPELINE_CREATE.name;
    const ROLES: &'static [Role] = permission::PIPELINE_CREATE.roles;
}

/// To make sure that the default pipeline exists, which opening a deal does too.
pub enum EnsureDefaultPipeline {}
impl Permission for EnsureDefaultPipeline {
    const NAME: &'static str = permission::PIPELINE_ENSURE_DEFAULT.name;
    const ROLES: &'static [Role] = permission::PIPELINE_ENSURE_DEFAULT.roles;
}

/// To rename pipelines.
pub enum RenamePipeline {}
impl Permission for RenamePipeline {
    const NAME: &'static str = permission::PIPELINE_RENAME.name;
    const ROLES: &'static [Role] = permission::PIPELINE_RENAME.roles;
}

/// To add stages.
pub enum AddStage {}
impl Permission for AddStage {
    const NAME: &'static str = permission::PIPELINE_ADD_STAGE.name;
    const ROLES: &'static [Role] = permission::PIPELINE_ADD_STAGE.roles;
}

/// To change the name or the probability of stages.
pub enum ChangeStage {}
impl Permission for ChangeStage {
    const NAME: &'static str = permission::PIPELINE_CHANGE_STAGE.name;
    const ROLES: &'static [Role] = permission::PIPELINE_CHANGE_STAGE.roles;
}

/// To put stages in another order.
pub enum ReorderStages {}
impl Permission for ReorderStages {
    const NAME: &'static str = permission::PIPELINE_REORDER_STAGES.name;
    const ROLES: &'static [Role] = permission::PIPELINE_REORDER_STAGES.roles;
}

/// To retire stages.
pub enum RetireStage {}
impl Permission for RetireStage {
    const NAME: &'static str = permission::PIPELINE_RETIRE_STAGE.name;
    const ROLES: &'static [Role] = permission::PIPELINE_RETIRE_STAGE.roles;
}

/// To capture leads.
pub enum CaptureLead {}
impl Permission for CaptureLead {
    const NAME: &'static str = permission::LEAD_CAPTURE.name;
    const ROLES: &'static [Role] = permission::LEAD_CAPTURE.roles;
}

/// To set the data of leads right.
pub enum CorrectLead {}
impl Permission for CorrectLead {
    const NAME: &'static str = permission::LEAD_CORRECT.name;
    const ROLES: &'static [Role] = permission::LEAD_CORRECT.roles;
}

/// To give leads to somebody.
pub enum AssignLead {}
impl Permission for AssignLead {
    const NAME: &'static str = permission::LEAD_ASSIGN.name;
    const ROLES: &'static [Role] = permission::LEAD_ASSIGN.roles;
}

/// To find leads worth pursuing.
pub enum QualifyLead {}
impl Permission for QualifyLead {
    const NAME: &'static str = permission::LEAD_QUALIFY.name;
    const ROLES: &'static [Role] = permission::LEAD_QUALIFY.roles;
}

/// To give leads up.
pub enum DisqualifyLead {}
impl Permission for DisqualifyLead {
    const NAME: &'static str = permission::LEAD_DISQUALIFY.name;
    const ROLES: &'static [Role] = permission::LEAD_DISQUALIFY.roles;
}

/// To take leads up again.
pub enum ReopenLead {}
impl Permission for ReopenLead {
    const NAME: &'static str = permission::LEAD_REOPEN.name;
    const ROLES: &'static [Role] = permission::LEAD_REOPEN.roles;
}

/// To note what was done with leads.
pub enum LogLeadActivity {}
impl Permission for LogLeadActivity {
    const NAME: &'static str = permission::LEAD_LOG_ACTIVITY.name;
    const ROLES: &'static [Role] = permission::LEAD_LOG_ACTIVITY.roles;
}

/// To make opportunities of leads.
pub enum ConvertLead {}
impl Permission for ConvertLead {
    const NAME: &'static str = permission::LEAD_CONVERT.name;
    const ROLES: &'static [Role] = permission::LEAD_CONVERT.roles;
}

/// To open deals.
pub enum OpenOpportunity {}
impl Permission for OpenOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_OPEN.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_OPEN.roles;
}

/// To change what is known about deals.
pub enum ReviseOpportunity {}
impl Permission for ReviseOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_REVISE.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_REVISE.roles;
}

/// To move deals through their pipeline.
pub enum MoveOpportunity {}
impl Permission for MoveOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_MOVE.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_MOVE.roles;
}

/// To give deals to somebody.
pub enum AssignOpportunity {}
impl Permission for AssignOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_ASSIGN.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_ASSIGN.roles;
}

/// To win deals.
pub enum WinOpportunity {}
impl Permission for WinOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_WIN.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_WIN.roles;
}

/// To lose deals.
pub enum LoseOpportunity {}
impl Permission for LoseOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_LOSE.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_LOSE.roles;
}

/// To take closed deals up again.
pub enum ReopenOpportunity {}
impl Permission for ReopenOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_REOPEN.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_REOPEN.roles;
}

/// To note what was done about deals.
pub enum LogOpportunityActivity {}
impl Permission for LogOpportunityActivity {
    const NAME: &'static str = permission::OPPORTUNITY_LOG_ACTIVITY.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_LOG_ACTIVITY.roles;
}

/// To erase who leads are.
pub enum EraseLead {}
impl Permission for EraseLead {
    const NAME: &'static str = permission::LEAD_ERASE.name;
    const ROLES: &'static [Role] = permission::LEAD_ERASE.roles;
}

/// To erase what was said of people about deals.
pub enum EraseOpportunity {}
impl Permission for EraseOpportunity {
    const NAME: &'static str = permission::OPPORTUNITY_ERASE.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_ERASE.roles;
}
