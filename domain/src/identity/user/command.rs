//! What can be asked of a user's account.

use std::collections::BTreeSet;

use crate::identity::Role;
use crate::{Command, EmailAddress, PasswordId, Personal, Text};

/// An action on a user's account, with its times.
pub type UserCommand = Command<UserAction>;

/// What to do with a user's account.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum UserAction {
    /// Open an account.
    Register {
        /// What the user is called.
        name: Personal<Text<200>>,
        /// Where mail reaches the user, and what the user signs in with. That no other user of the tenant has it, the
        /// caller guards in the same transaction.
        email: Personal<EmailAddress>,
        /// The first roles.
        roles: BTreeSet<Role>,
    },
    /// Call the user something else.
    Rename {
        /// The new name.
        name: Personal<Text<200>>,
    },
    /// Give the user another e-mail address.
    ChangeEmail {
        /// The new address, guarded as that of [`UserAction::Register`].
        email: Personal<EmailAddress>,
    },
    /// Give a role.
    GrantRole {
        /// Which role.
        role: Role,
    },
    /// Take a role away.
    RevokeRole {
        /// Which role.
        role: Role,
    },
    /// Shut the user out.
    Disable,
    /// Let the user in again.
    Enable,
    /// Give the user another password, or the first one. All sessions of the user are over, whoever asks.
    ChangePassword {
        /// The row of the password's hash, which is there before the event and opens nothing without it.
        password: PasswordId,
    },
    /// End all sessions of the user.
    SignOutEverywhere,
    /// Erase who the user is, and close the account for good. The caller destroys the keys and gives the address free in the same
    /// append.
    Erase,
}
