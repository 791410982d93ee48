//! Who may read what.

use edge::{Permission, Role};

/// What the routes of one's own sessions are called among permissions: everybody has it who is signed in.
pub const OWN: &str = "session.own";

/// Everybody who works in sales or looks on.
const SALES: &[Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep, Role::Viewer];

/// To read leads and their history.
pub enum ReadLeads {}

impl Permission for ReadLeads {
    const NAME: &'static str = "lead.read";
    const ROLES: &'static [Role] = SALES;
}

/// To read opportunities, their history and the board.
pub enum ReadOpportunities {}

impl Permission for ReadOpportunities {
    const NAME: &'static str = "opportunity.read";
    const ROLES: &'static [Role] = SALES;
}

/// To read pipelines.
pub enum ReadPipelines {}

impl Permission for ReadPipelines {
    const NAME: &'static str = "pipeline.read";
    const ROLES: &'static [Role] = SALES;
}

/// To read reports.
pub enum ReadReports {}

impl Permission for ReadReports {
    const NAME: &'static str = "report.read";
    const ROLES: &'static [Role] = SALES;
}

/// To read the log, personal data included.
pub enum ReadAudit {}

impl Permission for ReadAudit {
    const NAME: &'static str = "audit.read";
    const ROLES: &'static [Role] = &[Role::Admin, Role::Auditor];
}

/// To read who the users are, and what they may do.
pub enum ReadUsers {}

impl Permission for ReadUsers {
    const NAME: &'static str = "user.read";
    const ROLES: &'static [Role] = &[Role::Admin, Role::Auditor];
}
