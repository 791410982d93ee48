//! What happens to a user's account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::identity::Role;
use crate::identity::provider::IssuerUrl;
use crate::{
    ApiKeyId, CustomRoleId, EmailAddress, PasswordId, Personal, ProviderLinkId, SecondFactorId, Text,
};

/// The types of the events after which the access tokens that a user was given before are good no more: they tell other
/// roles than the user has, belong to a session that is over, or are a key that is none any more.
pub const RIGHTS_EVENTS: &[&str] = &[
    "user.disabled",
    "user.role_granted",
    "user.role_revoked",
    "user.custom_role_granted",
    "user.custom_role_revoked",
    "user.password_changed",
    "user.signed_out_everywhere",
    "user.erased",
    "user.second_factor_disabled",
    "user.key_revoked",
    "user.provider_unlinked",
];

/// An event of a user's account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UserEvent {
    /// The account was opened.
    Registered {
        /// What the user is called.
        name: Personal<Text<200>>,
        /// Where mail reaches the user.
        email: Personal<EmailAddress>,
        /// The first roles.
        roles: BTreeSet<Role>,
    },
    /// The user is called something else.
    Renamed {
        /// The old name.
        from: Personal<Text<200>>,
        /// The new name.
        to: Personal<Text<200>>,
    },
    /// The user has another e-mail address.
    EmailChanged {
        /// The old address.
        from: Personal<EmailAddress>,
        /// The new address.
        to: Personal<EmailAddress>,
    },
    /// The user was given a role.
    RoleGranted {
        /// Which role.
        role: Role,
    },
    /// A role was taken from the user.
    RoleRevoked {
        /// Which role.
        role: Role,
    },
    /// The user was given a role that the tenant has defined.
    CustomRoleGranted {
        /// Which role.
        role: CustomRoleId,
    },
    /// A role that the tenant has defined was taken from the user.
    CustomRoleRevoked {
        /// Which role.
        role: CustomRoleId,
    },
    /// The user was shut out.
    Disabled {},
    /// The user was let in again.
    Enabled {},
    /// The user has another password, or the first one; all sessions of the user are over.
    PasswordChanged {
        /// The row of its hash. The hash is in no event; this event is what makes that row the current one.
        password: PasswordId,
        /// Until when it lets the user in, to choose another one and do nothing else; for ever and for everything without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// All sessions of the user were ended.
    SignedOutEverywhere {},
    /// Who the user was is erased: the keys of all that is personal in their events, and in those of their sessions, were
    /// destroyed with this one. The account is closed for good.
    Erased {},
    /// The user was asked by mail to choose a first password.
    Invited {},
    /// The user is asked for a second factor from now on.
    SecondFactorEnabled {
        /// The row of its secret. The secret is in no event; this event is what makes that row the current one.
        factor: SecondFactorId,
        /// How many recovery codes the user was told.
        recovery_codes: u32,
    },
    /// The user is asked for no second factor any more.
    SecondFactorDisabled {},
    /// The user came in by a recovery code, which is spent.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// Programs may act for the user by a key.
    KeyIssued {
        /// The row of its digest. Neither the key nor its digest is in an event.
        key: ApiKeyId,
        /// What the user calls it.
        name: Text<100>,
        /// The permissions that it may use, as far as the user has them.
        scopes: BTreeSet<Text<64>>,
        /// When it is over.
        expires_at: DateTime<Utc>,
    },
    /// Nobody acts by a key any more.
    KeyRevoked {
        /// Which key.
        key: ApiKeyId,
    },
    /// The user came in on the word of a provider for the first time: nobody else whom it names is this user.
    ProviderLinked {
        /// The row of whom it names. That is in no event; this event is what makes that row count.
        link: ProviderLinkId,
        /// Which provider.
        issuer: IssuerUrl,
    },
    /// No provider knows the user any more; all sessions of the user are over.
    ProviderUnlinked {},
}

impl UserEvent {
    /// The address that the user has from now on.
    pub fn email_taken(&self) -> Option<&EmailAddress> {
        match self {
            Self::Registered { email, .. } | Self::EmailChanged { to: email, .. } => email.reveal(),
            Self::Renamed { .. }
            | Self::RoleGranted { .. }
            | Self::RoleRevoked { .. }
            | Self::CustomRoleGranted { .. }
            | Self::CustomRoleRevoked { .. }
            | Self::Disabled {}
            | Self::Enabled {}
            | Self::PasswordChanged { .. }
            | Self::SignedOutEverywhere {}
            | Self::Erased {}
            | Self::Invited {}
            | Self::SecondFactorEnabled { .. }
            | Self::SecondFactorDisabled {}
            | Self::RecoveryCodeUsed { .. }
            | Self::KeyIssued { .. }
            | Self::KeyRevoked { .. }
            | Self::ProviderLinked { .. }
            | Self::ProviderUnlinked {} => None,
        }
    }

    /// The address that the user no longer has. One who is erased has none either, which this event cannot tell.
    pub fn email_left(&self) -> Option<&EmailAddress> {
        match self {
            Self::EmailChanged { from, .. } => from.reveal(),
            Self::Registered { .. }
            | Self::Renamed { .. }
            | Self::RoleGranted { .. }
            | Self::RoleRevoked { .. }
            | Self::CustomRoleGranted { .. }
            | Self::CustomRoleRevoked { .. }
            | Self::Disabled {}
            | Self::Enabled {}
            | Self::PasswordChanged { .. }
            | Self::SignedOutEverywhere {}
            | Self::Erased {}
            | Self::Invited {}
            | Self::SecondFactorEnabled { .. }
            | Self::SecondFactorDisabled {}
            | Self::RecoveryCodeUsed { .. }
            | Self::KeyIssued { .. }
            | Self::KeyRevoked { .. }
            | Self::ProviderLinked { .. }
            | Self::ProviderUnlinked {} => None,
        }
    }
}

impl DomainEvent for UserEvent {
    fn event_type(&self) -> String {
        format!("user.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
