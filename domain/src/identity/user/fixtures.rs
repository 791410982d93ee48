//! One example of each event of a user's account.

use super::UserEvent;
use crate::fixtures::{at, email, id, text};
use crate::identity::Role;
use crate::identity::custom_role::fixtures::CUSTOM_ROLE;
use crate::identity::provider::fixtures::issuer;
use crate::{ApiKeyId, PasswordId, Personal, ProviderLinkId, SecondFactorId, UserId};

/// The user of the examples.
pub const USER: UserId = id(61);
/// The password of the examples.
pub const PASSWORD: PasswordId = id(81);
/// The second factor of the examples.
pub const FACTOR: SecondFactorId = id(82);
/// The key of the examples.
pub const KEY: ApiKeyId = id(83);
/// The row of whom the provider of the examples knows the user as.
pub const LINK: ProviderLinkId = id(84);

/// One of each.
pub fn all() -> Vec<UserEvent> {
    vec![
        registered(),
        renamed(),
        email_changed(),
        role_granted(),
        role_revoked(),
        custom_role_granted(),
        custom_role_revoked(),
        disabled(),
        enabled(),
        password_changed(),
        first_password_given(),
        signed_out_everywhere(),
        invited(),
        second_factor_enabled(),
        second_factor_disabled(),
        recovery_code_used(),
        key_issued(),
        key_revoked(),
        provider_linked(),
        provider_unlinked(),
        erased(),
    ]
}

/// `user.registered`
pub fn registered() -> UserEvent {
    UserEvent::Registered {
        name: Personal::new(text("Grace Hopper")),
        email: Personal::new(email("grace@engines.example")),
        roles: [Role::SalesRep].into(),
    }
}

/// `user.renamed`
pub fn renamed() -> UserEvent {
    let (from, to) = (Personal::new(text("Grace Hopper")), Personal::new(text("Grace B. Hopper")));
    UserEvent::Renamed { from, to }
}

/// `user.email_changed`
pub fn email_changed() -> UserEvent {
    let (from, to) = (email("grace@engines.example"), email("g.hopper@engines.example"));
    UserEvent::EmailChanged { from: Personal::new(from), to: Personal::new(to) }
}

/// `user.role_granted`
pub fn role_granted() -> UserEvent {
    UserEvent::RoleGranted { role: Role::SalesManager }
}

/// `user.role_revoked`
pub fn role_revoked() -> UserEvent {
    UserEvent::RoleRevoked { role: Role::SalesRep }
}

/// `user.custom_role_granted`
pub fn custom_role_granted() -> UserEvent {
    UserEvent::CustomRoleGranted { role: CUSTOM_ROLE }
}

/// `user.custom_role_revoked`
pub fn custom_role_revoked() -> UserEvent {
    UserEvent::CustomRoleRevoked { role: CUSTOM_ROLE }
}

/// `user.disabled`
pub fn disabled() -> UserEvent {
    UserEvent::Disabled {}
}

/// `user.enabled`
pub fn enabled() -> UserEvent {
    UserEvent::Enabled {}
}

/// `user.password_changed`
pub fn password_changed() -> UserEvent {
    UserEvent::PasswordChanged { password: PASSWORD, until: None }
}

/// `user.password_changed`, to a first password that somebody else made
pub fn first_password_given() -> UserEvent {
    UserEvent::PasswordChanged { password: PASSWORD, until: Some(at(31, 12)) }
}

/// `user.signed_out_everywhere`
pub fn signed_out_everywhere() -> UserEvent {
    UserEvent::SignedOutEverywhere {}
}

/// `user.invited`
pub fn invited() -> UserEvent {
    UserEvent::Invited {}
}

/// `user.second_factor_enabled`
pub fn second_factor_enabled() -> UserEvent {
    UserEvent::SecondFactorEnabled { factor: FACTOR, recovery_codes: 10 }
}

/// `user.second_factor_disabled`
pub fn second_factor_disabled() -> UserEvent {
    UserEvent::SecondFactorDisabled {}
}

/// `user.recovery_code_used`
pub fn recovery_code_used() -> UserEvent {
    UserEvent::RecoveryCodeUsed { left: 9 }
}

/// `user.key_issued`
pub fn key_issued() -> UserEvent {
    let scopes = [text("lead.capture"), text("lead.read")].into();
    UserEvent::KeyIssued { key: KEY, name: text("Web form"), scopes, expires_at: at(31, 12) }
}

/// `user.key_revoked`
pub fn key_revoked() -> UserEvent {
    UserEvent::KeyRevoked { key: KEY }
}

/// `user.provider_linked`
pub fn provider_linked() -> UserEvent {
    UserEvent::ProviderLinked { link: LINK, issuer: issuer() }
}

/// `user.provider_unlinked`
pub fn provider_unlinked() -> UserEvent {
    UserEvent::ProviderUnlinked {}
}

/// `user.erased`
pub fn erased() -> UserEvent {
    UserEvent::Erased {}
}
