//! Who may do what in sales. Viewers and auditors may do nothing; only admins and managers shape pipelines.

use edge::{Permission, Role};

const SELLERS: &[Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep];
const MANAGERS: &[Role] = &[Role::Admin, Role::SalesManager];

/// To set up pipelines.
pub enum CreatePipeline {}
impl Permission for CreatePipeline {
    const NAME: &'static str = "pipeline.create";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To make sure that the default pipeline exists, which opening a deal does too.
pub enum EnsureDefaultPipeline {}
impl Permission for EnsureDefaultPipeline {
    const NAME: &'static str = "pipeline.ensure_default";
    const ROLES: &'static [Role] = SELLERS;
}

/// To rename pipelines.
pub enum RenamePipeline {}
impl Permission for RenamePipeline {
    const NAME: &'static str = "pipeline.rename";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To add stages.
pub enum AddStage {}
impl Permission for AddStage {
    const NAME: &'static str = "pipeline.add_stage";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To change the name or the probability of stages.
pub enum ChangeStage {}
impl Permission for ChangeStage {
    const NAME: &'static str = "pipeline.change_stage";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To put stages in another order.
pub enum ReorderStages {}
impl Permission for ReorderStages {
    const NAME: &'static str = "pipeline.reorder_stages";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To retire stages.
pub enum RetireStage {}
impl Permission for RetireStage {
    const NAME: &'static str = "pipeline.retire_stage";
    const ROLES: &'static [Role] = MANAGERS;
}

/// To capture leads.
pub enum CaptureLead {}
impl Permission for CaptureLead {
    const NAME: &'static str = "lead.capture";
    const ROLES: &'static [Role] = SELLERS;
}

/// To set the data of leads right.
pub enum CorrectLead {}
impl Permission for CorrectLead {
    const NAME: &'static str = "lead.correct";
    const ROLES: &'static [Role] = SELLERS;
}

/// To give leads to somebody.
pub enum AssignLead {}
impl Permission for AssignLead {
    const NAME: &'static str = "lead.assign";
    const ROLES: &'static [Role] = SELLERS;
}

/// To find leads worth pursuing.
pub enum QualifyLead {}
impl Permission for QualifyLead {
    const NAME: &'static str = "lead.qualify";
    const ROLES: &'static [Role] = SELLERS;
}

/// To give leads up.
pub enum DisqualifyLead {}
impl Permission for DisqualifyLead {
    const NAME: &'static str = "lead.disqualify";
    const ROLES: &'static [Role] = SELLERS;
}

/// To take leads up again.
pub enum ReopenLead {}
impl Permission for ReopenLead {
    const NAME: &'static str = "lead.reopen";
    const ROLES: &'static [Role] = SELLERS;
}

/// To note what was done with leads.
pub enum LogLeadActivity {}
impl Permission for LogLeadActivity {
    const NAME: &'static str = "lead.log_activity";
    const ROLES: &'static [Role] = SELLERS;
}

/// To make opportunities of leads.
pub enum ConvertLead {}
impl Permission for ConvertLead {
    const NAME: &'static str = "lead.convert";
    const ROLES: &'static [Role] = SELLERS;
}

/// To open deals.
pub enum OpenOpportunity {}
impl Permission for OpenOpportunity {
    const NAME: &'static str = "opportunity.open";
    const ROLES: &'static [Role] = SELLERS;
}

/// To change what is known about deals.
pub enum ReviseOpportunity {}
impl Permission for ReviseOpportunity {
    const NAME: &'static str = "opportunity.revise";
    const ROLES: &'static [Role] = SELLERS;
}

/// To move deals through their pipeline.
pub enum MoveOpportunity {}
impl Permission for MoveOpportunity {
    const NAME: &'static str = "opportunity.move";
    const ROLES: &'static [Role] = SELLERS;
}

/// To give deals to somebody.
pub enum AssignOpportunity {}
impl Permission for AssignOpportunity {
    const NAME: &'static str = "opportunity.assign";
    const ROLES: &'static [Role] = SELLERS;
}

/// To win deals.
pub enum WinOpportunity {}
impl Permission for WinOpportunity {
    const NAME: &'static str = "opportunity.win";
    const ROLES: &'static [Role] = SELLERS;
}

/// To lose deals.
pub enum LoseOpportunity {}
impl Permission for LoseOpportunity {
    const NAME: &'static str = "opportunity.lose";
    const ROLES: &'static [Role] = SELLERS;
}

/// To take closed deals up again.
pub enum ReopenOpportunity {}
impl Permission for ReopenOpportunity {
    const NAME: &'static str = "opportunity.reopen";
    const ROLES: &'static [Role] = SELLERS;
}

/// To note what was done about deals.
pub enum LogOpportunityActivity {}
impl Permission for LogOpportunityActivity {
    const NAME: &'static str = "opportunity.log_activity";
    const ROLES: &'static [Role] = SELLERS;
}

/// To erase who leads are.
pub enum EraseLead {}
impl Permission for EraseLead {
    const NAME: &'static str = "lead.erase";
    const ROLES: &'static [Role] = &[Role::Admin];
}

/// To erase what was said of people about deals.
pub enum EraseOpportunity {}
impl Permission for EraseOpportunity {
    const NAME: &'static str = "opportunity.erase";
    const ROLES: &'static [Role] = &[Role::Admin];
}
