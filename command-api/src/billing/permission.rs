//! What commands of billing ask for.

use domain::identity::permission;
use edge::{Permission, Role};

/// To say in whose name invoices are issued, and under which numbers.
pub enum SetUpBilling {}
impl Permission for SetUpBilling {
    const NAME: &'static str = permission::BILLING_SET_UP.name;
    const ROLES: &'static [Role] = permission::BILLING_SET_UP.roles;
}

/// To take down customers, and to write and discard drafts of invoices.
pub enum WriteBills {}
impl Permission for WriteBills {
    const NAME: &'static str = permission::BILLING_WRITE.name;
    const ROLES: &'static [Role] = permission::BILLING_WRITE.roles;
}

/// To issue invoices, and to declare them void.
pub enum IssueBills {}
impl Permission for IssueBills {
    const NAME: &'static str = permission::BILLING_ISSUE.name;
    const ROLES: &'static [Role] = permission::BILLING_ISSUE.roles;
}

/// To record payments, to say which invoices they settle, to pay back, and to write off.
pub enum SettleBills {}
impl Permission for SettleBills {
    const NAME: &'static str = permission::BILLING_SETTLE.name;
    const ROLES: &'static [Role] = permission::BILLING_SETTLE.roles;
}

/// To erase who customers are.
pub enum EraseCustomer {}
impl Permission for EraseCustomer {
    const NAME: &'static str = permission::BILLING_ERASE.name;
    const ROLES: &'static [Role] = permission::BILLING_ERASE.roles;
}
