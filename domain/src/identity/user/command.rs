//! What can be asked of a user's account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::identity::Role;
use crate::identity::provider::IssuerUrl;
use crate::{
    ApiKeyId, Command, CustomRoleId, EmailAddress, PasswordId, Personal, ProviderLinkId, SecondFactorId, Text,
};

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
    /// Give a role that the tenant has defined. That there is one, the caller has checked.
    GrantCustomRole {
        /// Which role.
        role: CustomRoleId,
    },
    /// Take away a role that the tenant has defined.
    RevokeCustomRole {
        /// Which role.
        role: CustomRoleId,
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
    /// Give the user a password to come in by once, which somebody else made: it is good for choosing another one.
    GiveFirstPassword {
        /// The row of its hash.
        password: PasswordId,
        /// Until when it is good, a week from now at most.
        until: DateTime<Utc>,
    },
    /// End all sessions of the user.
    SignOutEverywhere,
    /// Erase who the user is, and close the account for good. The caller destroys the keys and gives the address free in the same
    /// append.
    Erase,
    /// Ask the user by mail to choose a first password. The caller sends the mail.
    Invite,
    /// Ask the user for a second factor from now on. That the user can answer, the caller has checked.
    EnableSecondFactor {
        /// The row of its secret, which is there before the event and asked for by nobody without it.
        factor: SecondFactorId,
        /// How many recovery codes the user was told.
        recovery_codes: u32,
    },
    /// Ask for no second factor any more.
    DisableSecondFactor,
    /// Let the user in by a recovery code in place of the second factor. That it is one, the caller has checked and spent it.
    UseRecoveryCode,
    /// Let programs act for the user by a key.
    IssueKey {
        /// The row of its digest, which is there before the event and opens nothing without it.
        key: ApiKeyId,
        /// What the user calls it.
        name: Text<100>,
        /// The permissions that it may use, as far as the user has them.
        scopes: BTreeSet<Text<64>>,
        /// When it is over.
        expires_at: DateTime<Utc>,
    },
    /// Let nobody act by a key any more.
    RevokeKey {
        /// Which key.
        key: ApiKeyId,
    },
    /// Let the user in on the word of a provider, for whom it names in the row, which is there before the event.
    LinkProvider {
        /// The row.
        link: ProviderLinkId,
        /// Which provider.
        issuer: IssuerUrl,
    },
    /// Let nobody in as the user on the word of a provider, until it vouches for the address anew.
    UnlinkProvider,
}
