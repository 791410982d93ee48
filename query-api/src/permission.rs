//! What reads ask for.

use domain::identity::permission;
use edge::{Permission, Role};

/// What the routes of one's own sessions are called among permissions: everybody has it who is signed in.
pub const OWN: &str = "session.own";

/// To read leads and their history.
pub enum ReadLeads {}

impl Permission for ReadLeads {
    const NAME: &'static str = permission::LEAD_READ.name;
    const ROLES: &'static [Role] = permission::LEAD_READ.roles;
}

/// To read opportunities, their history and the board.
pub enum ReadOpportunities {}

impl Permission for ReadOpportunities {
    const NAME: &'static str = permission::OPPORTUNITY_READ.name;
    const ROLES: &'static [Role] = permission::OPPORTUNITY_READ.roles;
}

/// To read pipelines.
pub enum ReadPipelines {}

impl Permission for ReadPipelines {
    const NAME: &'static str = permission::PIPELINE_READ.name;
    const ROLES: &'static [Role] = permission::PIPELINE_READ.roles;
}

/// To read reports.
pub enum ReadReports {}

impl Permission for ReadReports {
    const NAME: &'static str = permission::REPORT_READ.name;
    const ROLES: &'static [Role] = permission::REPORT_READ.roles;
}

/// To read the log, personal data included.
pub enum ReadAudit {}

impl Permission for ReadAudit {
    const NAME: &'static str = permission::AUDIT_READ.name;
    const ROLES: &'static [Role] = permission::AUDIT_READ.roles;
}

/// To read who came in, who was refused, and who took data out.
pub enum ReadTrail {}

impl Permission for ReadTrail {
    const NAME: &'static str = permission::TRAIL_READ.name;
    const ROLES: &'static [Role] = permission::TRAIL_READ.roles;
}

/// To read who the users are, and what they may do.
pub enum ReadUsers {}

impl Permission for ReadUsers {
    const NAME: &'static str = permission::USER_READ.name;
    const ROLES: &'static [Role] = permission::USER_READ.roles;
}

/// To read which roles the tenant has defined, and what they give.
pub enum ReadRoles {}

impl Permission for ReadRoles {
    const NAME: &'static str = permission::ROLE_READ.name;
    const ROLES: &'static [Role] = permission::ROLE_READ.roles;
}

/// To read who is in which team.
pub enum ReadTeams {}

impl Permission for ReadTeams {
    const NAME: &'static str = permission::TEAM_READ.name;
    const ROLES: &'static [Role] = permission::TEAM_READ.roles;
}

/// To read on whose word users are let in.
pub enum ReadProvider {}

impl Permission for ReadProvider {
    const NAME: &'static str = permission::PROVIDER_READ.name;
    const ROLES: &'static [Role] = permission::PROVIDER_READ.roles;
}

/// To read customers, invoices, and under which numbers and in whose name they are issued.
pub enum ReadBills {}

impl Permission for ReadBills {
    const NAME: &'static str = permission::BILLING_READ.name;
    const ROLES: &'static [Role] = permission::BILLING_READ.roles;
}
