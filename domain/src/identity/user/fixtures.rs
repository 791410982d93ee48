//! One example of each event of a user's account.

use super::UserEvent;
use crate::fixtures::{email, id, text};
use crate::identity::Role;
use crate::{PasswordId, Personal, UserId};

/// The user of the examples.
pub const USER: UserId = id(61);
/// The password of the examples.
pub const PASSWORD: PasswordId = id(81);

/// One of each.
pub fn all() -> Vec<UserEvent> {
    vec![
        registered(),
        renamed(),
        email_changed(),
        role_granted(),
        role_revoked(),
        disabled(),
        enabled(),
        password_changed(),
        signed_out_everywhere(),
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
    UserEvent::PasswordChanged { password: PASSWORD }
}

/// `user.signed_out_everywhere`
pub fn signed_out_everywhere() -> UserEvent {
    UserEvent::SignedOutEverywhere {}
}

/// `user.erased`
pub fn erased() -> UserEvent {
    UserEvent::Erased {}
}
