//! What commands of identity ask for.

use domain::identity::permission;
use edge::{Permission, Role};

/// To open accounts.
pub enum RegisterUser {}
impl Permission for RegisterUser {
    const NAME: &'static str = permission::USER_REGISTER.name;
    const ROLES: &'static [Role] = permission::USER_REGISTER.roles;
}

/// To ask users by mail to come in.
pub enum InviteUser {}
impl Permission for InviteUser {
    const NAME: &'static str = permission::USER_INVITE.name;
    const ROLES: &'static [Role] = permission::USER_INVITE.roles;
}

/// To change names and addresses of users.
pub enum ChangeUser {}
impl Permission for ChangeUser {
    const NAME: &'static str = permission::USER_CHANGE.name;
    const ROLES: &'static [Role] = permission::USER_CHANGE.roles;
}

/// To say what users may do.
pub enum AssignRoles {}
impl Permission for AssignRoles {
    const NAME: &'static str = permission::USER_ASSIGN_ROLES.name;
    const ROLES: &'static [Role] = permission::USER_ASSIGN_ROLES.roles;
}

/// To shut users out.
pub enum DisableUser {}
impl Permission for DisableUser {
    const NAME: &'static str = permission::USER_DISABLE.name;
    const ROLES: &'static [Role] = permission::USER_DISABLE.roles;
}

/// To say what all users of the tenant have to show on signing in.
pub enum ChangePolicy {}
impl Permission for ChangePolicy {
    const NAME: &'static str = permission::USER_CHANGE_POLICY.name;
    const ROLES: &'static [Role] = permission::USER_CHANGE_POLICY.roles;
}

/// To take a second factor that was lost away from users.
pub enum ResetSecondFactor {}
impl Permission for ResetSecondFactor {
    const NAME: &'static str = permission::USER_RESET_SECOND_FACTOR.name;
    const ROLES: &'static [Role] = permission::USER_RESET_SECOND_FACTOR.roles;
}

/// To say on whose word users are let in, and on which terms.
pub enum ConfigureProvider {}
impl Permission for ConfigureProvider {
    const NAME: &'static str = permission::PROVIDER_CONFIGURE.name;
    const ROLES: &'static [Role] = permission::PROVIDER_CONFIGURE.roles;
}

/// To let users in on nobody's word any more.
pub enum RemoveProvider {}
impl Permission for RemoveProvider {
    const NAME: &'static str = permission::PROVIDER_REMOVE.name;
    const ROLES: &'static [Role] = permission::PROVIDER_REMOVE.roles;
}

/// To have a provider vouch anew for users whom it knew as somebody else.
pub enum UnlinkProvider {}
impl Permission for UnlinkProvider {
    const NAME: &'static str = permission::USER_UNLINK_PROVIDER.name;
    const ROLES: &'static [Role] = permission::USER_UNLINK_PROVIDER.roles;
}

/// To take away keys by which programs act for users.
pub enum RevokeKey {}
impl Permission for RevokeKey {
    const NAME: &'static str = permission::USER_REVOKE_KEY.name;
    const ROLES: &'static [Role] = permission::USER_REVOKE_KEY.roles;
}

/// To let users in again.
pub enum EnableUser {}
impl Permission for EnableUser {
    const NAME: &'static str = permission::USER_ENABLE.name;
    const ROLES: &'static [Role] = permission::USER_ENABLE.roles;
}

/// To define roles.
pub enum DefineRole {}
impl Permission for DefineRole {
    const NAME: &'static str = permission::ROLE_DEFINE.name;
    const ROLES: &'static [Role] = permission::ROLE_DEFINE.roles;
}

/// To change what roles are called and give.
pub enum ChangeRole {}
impl Permission for ChangeRole {
    const NAME: &'static str = permission::ROLE_CHANGE.name;
    const ROLES: &'static [Role] = permission::ROLE_CHANGE.roles;
}

/// To take roles out of use.
pub enum RetireRole {}
impl Permission for RetireRole {
    const NAME: &'static str = permission::ROLE_RETIRE.name;
    const ROLES: &'static [Role] = permission::ROLE_RETIRE.roles;
}

/// To form teams.
pub enum FormTeam {}
impl Permission for FormTeam {
    const NAME: &'static str = permission::TEAM_FORM.name;
    const ROLES: &'static [Role] = permission::TEAM_FORM.roles;
}

/// To change what teams are called, who manages them and where they are.
pub enum ChangeTeam {}
impl Permission for ChangeTeam {
    const NAME: &'static str = permission::TEAM_CHANGE.name;
    const ROLES: &'static [Role] = permission::TEAM_CHANGE.roles;
}

/// To take users into teams, and let them go.
pub enum StaffTeam {}
impl Permission for StaffTeam {
    const NAME: &'static str = permission::TEAM_STAFF.name;
    const ROLES: &'static [Role] = permission::TEAM_STAFF.roles;
}

/// To end teams.
pub enum DissolveTeam {}
impl Permission for DissolveTeam {
    const NAME: &'static str = permission::TEAM_DISSOLVE.name;
    const ROLES: &'static [Role] = permission::TEAM_DISSOLVE.roles;
}

/// To erase who users are.
pub enum EraseUser {}
impl Permission for EraseUser {
    const NAME: &'static str = permission::USER_ERASE.name;
    const ROLES: &'static [Role] = permission::USER_ERASE.roles;
}
