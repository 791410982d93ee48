//! What can be permitted: each permission by its name, with the roles of every tenant that have it, and how it can be given to
//! the roles that a tenant defines. The one list of it; the APIs ask for what is here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Role;

/// How far a permission reaches among records that have an owner.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// Records of one's own.
    Own,
    /// Also those of the members of teams that one manages, and of the teams below them.
    Team,
    /// Those of the whole tenant, and those that nobody owns.
    All,
}

/// The permissions of a role that a tenant defines: the name of each, such as `lead.read`, with its level.
pub type Grants = BTreeMap<String, Level>;

/// A permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its stable name, `<aggregate>.<action>`.
    pub name: &'static str,
    /// The roles of every tenant that have it, for all records.
    pub roles: &'static [Role],
    /// As far as what the roles that a tenant defines can be given it.
    pub given: Given,
}

/// As far as what a permission can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// To each level, since what it is about has owners.
    ByLevel,
    /// For all or not at all, since what it is about has none.
    Whole,
    /// Not at all: it is to run the tenant, and whoever could give themselves anything would have everything.
    Never,
}

const ADMINS: &[Role] = &[Role::Admin];
const AUDITORS: &[Role] = &[Role::Admin, Role::Auditor];
const BILLERS: &[Role] = &[Role::Admin, Role::Finance];
const MANAGERS: &[Role] = &[Role::Admin, Role::SalesManager];
const SELLERS: &[Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep];
const SELLERS_AND_SUPPORT: &[Role] = &[Role::Admin, Role::SalesManager, Role::SalesRep, Role::Support];
const READERS_OF_LEADS: &[Role] =
    &[Role::Admin, Role::SalesManager, Role::SalesRep, Role::Support, Role::Viewer];
const READERS_OF_DEALS: &[Role] =
    &[Role::Admin, Role::SalesManager, Role::SalesRep, Role::Support, Role::Finance, Role::Viewer];
const READERS_OF_BILLS: &[Role] =
    &[Role::Admin, Role::SalesManager, Role::Support, Role::Finance, Role::Viewer];
const READERS_OF_REPORTS: &[Role] =
    &[Role::Admin, Role::SalesManager, Role::SalesRep, Role::Finance, Role::Viewer];

const fn by_level(name: &'static str, roles: &'static [Role]) -> Permission {
    Permission { name, roles, given: Given::ByLevel }
}

const fn whole(name: &'static str, roles: &'static [Role]) -> Permission {
    Permission { name, roles, given: Given::Whole }
}

const fn never(name: &'static str, roles: &'static [Role]) -> Permission {
    Permission { name, roles, given: Given::Never }
}

/// To read the log, personal data included.
pub const AUDIT_READ: Permission = whole("audit.read", AUDITORS);
/// To erase who customers are.
pub const BILLING_ERASE: Permission = whole("billing.erase", ADMINS);
/// To issue invoices, which never change again, and to declare them void.
pub const BILLING_ISSUE: Permission = whole("billing.issue", BILLERS);
/// To read customers, invoices, and under which numbers and in whose name they are issued.
pub const BILLING_READ: Permission = whole("billing.read", READERS_OF_BILLS);
/// To record payments, to say which invoices they settle, to pay back, and to write off.
pub const BILLING_SETTLE: Permission = whole("billing.settle", BILLERS);
/// To say in whose name invoices are issued, and under which numbers.
pub const BILLING_SET_UP: Permission = whole("billing.set_up", BILLERS);
/// To take down customers, and to write and discard drafts of invoices.
pub const BILLING_WRITE: Permission = whole("billing.write", BILLERS);
/// To give leads to somebody.
pub const LEAD_ASSIGN: Permission = by_level("lead.assign", SELLERS);
/// To capture leads.
pub const LEAD_CAPTURE: Permission = by_level("lead.capture", SELLERS);
/// To make opportunities of leads.
pub const LEAD_CONVERT: Permission = by_level("lead.convert", SELLERS);
/// To set the data of leads right.
pub const LEAD_CORRECT: Permission = by_level("lead.correct", SELLERS);
/// To give leads up.
pub const LEAD_DISQUALIFY: Permission = by_level("lead.disqualify", SELLERS);
/// To erase who leads are.
pub const LEAD_ERASE: Permission = by_level("lead.erase", ADMINS);
/// To note what was done with leads.
pub const LEAD_LOG_ACTIVITY: Permission = by_level("lead.log_activity", SELLERS_AND_SUPPORT);
/// To find leads worth pursuing.
pub const LEAD_QUALIFY: Permission = by_level("lead.qualify", SELLERS);
/// To read leads and their history.
pub const LEAD_READ: Permission = by_level("lead.read", READERS_OF_LEADS);
/// To take leads up again.
pub const LEAD_REOPEN: Permission = by_level("lead.reopen", SELLERS);
/// To give deals to somebody.
pub const OPPORTUNITY_ASSIGN: Permission = by_level("opportunity.assign", SELLERS);
/// To erase what was said of people in the activities of deals.
pub const OPPORTUNITY_ERASE: Permission = by_level("opportunity.erase", ADMINS);
/// To note what was done about deals.
pub const OPPORTUNITY_LOG_ACTIVITY: Permission = by_level("opportunity.log_activity", SELLERS_AND_SUPPORT);
/// To lose deals.
pub const OPPORTUNITY_LOSE: Permission = by_level("opportunity.lose", SELLERS);
/// To move deals through their pipeline.
pub const OPPORTUNITY_MOVE: Permission = by_level("opportunity.move", SELLERS);
/// To open deals.
pub const OPPORTUNITY_OPEN: Permission = by_level("opportunity.open", SELLERS);
/// To read opportunities, their history and the board.
pub const OPPORTUNITY_READ: Permission = by_level("opportunity.read", READERS_OF_DEALS);
/// To take closed deals up again.
pub const OPPORTUNITY_REOPEN: Permission = by_level("opportunity.reopen", SELLERS);
/// To change what is known about deals.
pub const OPPORTUNITY_REVISE: Permission = by_level("opportunity.revise", SELLERS);
/// To win deals.
pub const OPPORTUNITY_WIN: Permission = by_level("opportunity.win", SELLERS);
/// To add stages.
pub const PIPELINE_ADD_STAGE: Permission = whole("pipeline.add_stage", MANAGERS);
/// To change the name or the probability of stages.
pub const PIPELINE_CHANGE_STAGE: Permission = whole("pipeline.change_stage", MANAGERS);
/// To set up pipelines.
pub const PIPELINE_CREATE: Permission = whole("pipeline.create", MANAGERS);
/// To make sure that the default pipeline exists, which opening a deal does too.
pub const PIPELINE_ENSURE_DEFAULT: Permission = whole("pipeline.ensure_default", SELLERS);
/// To read pipelines.
pub const PIPELINE_READ: Permission = whole("pipeline.read", READERS_OF_DEALS);
/// To rename pipelines.
pub const PIPELINE_RENAME: Permission = whole("pipeline.rename", MANAGERS);
/// To put stages in another order.
pub const PIPELINE_REORDER_STAGES: Permission = whole("pipeline.reorder_stages", MANAGERS);
/// To retire stages.
pub const PIPELINE_RETIRE_STAGE: Permission = whole("pipeline.retire_stage", MANAGERS);
/// To say on whose word users are let in, and on which terms.
pub const PROVIDER_CONFIGURE: Permission = never("provider.configure", ADMINS);
/// To read on whose word users are let in.
pub const PROVIDER_READ: Permission = whole("provider.read", AUDITORS);
/// To let users in on nobody's word any more.
pub const PROVIDER_REMOVE: Permission = never("provider.remove", ADMINS);
/// To read reports.
pub const REPORT_READ: Permission = by_level("report.read", READERS_OF_REPORTS);
/// To change what roles are called and give.
pub const ROLE_CHANGE: Permission = never("role.change", ADMINS);
/// To define roles.
pub const ROLE_DEFINE: Permission = never("role.define", ADMINS);
/// To read which roles the tenant has defined, and what they give.
pub const ROLE_READ: Permission = whole("role.read", AUDITORS);
/// To take roles out of use.
pub const ROLE_RETIRE: Permission = never("role.retire", ADMINS);
/// To change what teams are called, who manages them and where they are.
pub const TEAM_CHANGE: Permission = never("team.change", ADMINS);
/// To end teams.
pub const TEAM_DISSOLVE: Permission = never("team.dissolve", ADMINS);
/// To form teams.
pub const TEAM_FORM: Permission = never("team.form", ADMINS);
/// To read who is in which team.
pub const TEAM_READ: Permission = whole("team.read", AUDITORS);
/// To take users into teams, and let them go.
pub const TEAM_STAFF: Permission = never("team.staff", ADMINS);
/// To read who came in, who was refused, and who took data out.
pub const TRAIL_READ: Permission = whole("trail.read", AUDITORS);
/// To say what users may do.
pub const USER_ASSIGN_ROLES: Permission = never("user.assign_roles", ADMINS);
/// To change names and addresses of users.
pub const USER_CHANGE: Permission = never("user.change", ADMINS);
/// To say what the tenant asks of its users before it lets them in.
pub const USER_CHANGE_POLICY: Permission = never("user.change_policy", ADMINS);
/// To shut users out.
pub const USER_DISABLE: Permission = never("user.disable", ADMINS);
/// To let users in again.
pub const USER_ENABLE: Permission = never("user.enable", ADMINS);
/// To erase who users are.
pub const USER_ERASE: Permission = never("user.erase", ADMINS);
/// To invite users by mail, or by a link that somebody passes on.
pub const USER_INVITE: Permission = never("user.invite", ADMINS);
/// To read who the users are, and what they may do.
pub const USER_READ: Permission = whole("user.read", AUDITORS);
/// To open accounts.
pub const USER_REGISTER: Permission = never("user.register", ADMINS);
/// To let users in again who have lost their second factor.
pub const USER_RESET_SECOND_FACTOR: Permission = never("user.reset_second_factor", ADMINS);
/// To take away keys by which programs act for users.
pub const USER_REVOKE_KEY: Permission = never("user.revoke_key", ADMINS);
/// To have a provider vouch anew for users whom it knew as somebody else.
pub const USER_UNLINK_PROVIDER: Permission = never("user.unlink_provider", ADMINS);

/// Every permission, in the order of names.
pub const ALL: &[Permission] = &[
    AUDIT_READ,
    BILLING_ERASE,
    BILLING_ISSUE,
    BILLING_READ,
    BILLING_SET_UP,
    BILLING_SETTLE,
    BILLING_WRITE,
    LEAD_ASSIGN,
    LEAD_CAPTURE,
    LEAD_CONVERT,
    LEAD_CORRECT,
    LEAD_DISQUALIFY,
    LEAD_ERASE,
    LEAD_LOG_ACTIVITY,
    LEAD_QUALIFY,
    LEAD_READ,
    LEAD_REOPEN,
    OPPORTUNITY_ASSIGN,
    OPPORTUNITY_ERASE,
    OPPORTUNITY_LOG_ACTIVITY,
    OPPORTUNITY_LOSE,
    OPPORTUNITY_MOVE,
    OPPORTUNITY_OPEN,
    OPPORTUNITY_READ,
    OPPORTUNITY_REOPEN,
    OPPORTUNITY_REVISE,
    OPPORTUNITY_WIN,
    PIPELINE_ADD_STAGE,
    PIPELINE_CHANGE_STAGE,
    PIPELINE_CREATE,
    PIPELINE_ENSURE_DEFAULT,
    PIPELINE_READ,
    PIPELINE_RENAME,
    PIPELINE_REORDER_STAGES,
    PIPELINE_RETIRE_STAGE,
    PROVIDER_CONFIGURE,
    PROVIDER_READ,
    PROVIDER_REMOVE,
    REPORT_READ,
    ROLE_CHANGE,
    ROLE_DEFINE,
    ROLE_READ,
    ROLE_RETIRE,
    TEAM_CHANGE,
    TEAM_DISSOLVE,
    TEAM_FORM,
    TEAM_READ,
    TEAM_STAFF,
    TRAIL_READ,
    USER_ASSIGN_ROLES,
    USER_CHANGE,
    USER_CHANGE_POLICY,
    USER_DISABLE,
    USER_ENABLE,
    USER_ERASE,
    USER_INVITE,
    USER_READ,
    USER_REGISTER,
    USER_RESET_SECOND_FACTOR,
    USER_REVOKE_KEY,
    USER_UNLINK_PROVIDER,
];

impl Permission {
    /// The permission of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|permission| permission.name == name)
    }

    /// Whether it can be given so that it reaches this far, and no further.
    pub fn can_be_given(self, level: Level) -> bool {
        match self.given {
            Given::ByLevel => true,
            Given::Whole => level == Level::All,
            Given::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_is_listed_once_in_order_and_somebody_has_it() {
        assert!(ALL.is_sorted_by(|one, next| one.name < next.name));
        for Permission { name, roles, .. } in ALL {
            assert!(roles.contains(&Role::Admin) && roles.is_sorted_by(|one, next| one < next), "{name}");
        }
    }

    #[test]
    fn what_nobody_owns_is_given_whole_and_what_runs_the_tenant_is_not() {
        let levels = [Level::Own, Level::Team, Level::All];
        let given = |permission: Permission| levels.map(|level| permission.can_be_given(level));
        assert_eq!(given(LEAD_READ), [true, true, true]);
        assert_eq!(given(PIPELINE_READ), [false, false, true]);
        assert_eq!(given(USER_ASSIGN_ROLES), [false, false, false]);
    }

    #[test]
    fn levels_are_in_order_of_reach() {
        assert!(Level::Own < Level::Team && Level::Team < Level::All);
        assert_eq!(serde_json::to_value(Level::Team).unwrap(), "team");
    }
}
