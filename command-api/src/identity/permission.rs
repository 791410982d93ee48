//! Who may do what about users: those who run the tenant.

use edge::{Permission, Role};

const ADMINS: &[Role] = &[Role::Admin];

/// To open accounts.
pub enum RegisterUser {}
impl Permission for RegisterUser {
    const NAME: &'static str = "user.register";
    const ROLES: &'static [Role] = ADMINS;
}

/// To change names and addresses of users.
pub enum ChangeUser {}
impl Permission for ChangeUser {
    const NAME: &'static str = "user.change";
    const ROLES: &'static [Role] = ADMINS;
}

/// To say what users may do.
pub enum AssignRoles {}
impl Permission for AssignRoles {
    const NAME: &'static str = "user.assign_roles";
    const ROLES: &'static [Role] = ADMINS;
}

/// To shut users out.
pub enum DisableUser {}
impl Permission for DisableUser {
    const NAME: &'static str = "user.disable";
    const ROLES: &'static [Role] = ADMINS;
}

/// To let users in again.
pub enum EnableUser {}
impl Permission for EnableUser {
    const NAME: &'static str = "user.enable";
    const ROLES: &'static [Role] = ADMINS;
}

/// To erase who users are.
pub enum EraseUser {}
impl Permission for EraseUser {
    const NAME: &'static str = "user.erase";
    const ROLES: &'static [Role] = ADMINS;
}
