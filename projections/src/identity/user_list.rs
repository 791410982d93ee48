//! `identity_user_list`: users with their roles.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::identity::Role;
use domain::identity::user::UserEvent;
use domain::{CustomRoleId, EmailAddress, Event, Personal, Text, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::USER;
use crate::erased;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// The id, which is the `sub` of the user's tokens.
    pub id: UserId,
    /// What the user is called.
    pub name: Personal<Text<200>>,
    /// Where mail reaches the user.
    pub email: Personal<EmailAddress>,
    /// The roles that the user has.
    pub roles: BTreeSet<Role>,
    /// The roles that the user has of those that the tenant has defined; absent if there are none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub custom_roles: BTreeSet<CustomRoleId>,
    /// Whether the user may come in.
    pub status: UserStatus,
    /// When the account was opened.
    pub registered_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// Whether a user may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Yes.
    Active,
    /// No.
    Disabled,
    /// Never again: the account is closed, and whose it was is erased.
    Erased,
}

/// The read model.
pub struct UserList;

impl Projection for UserList {
    type Row = UserRow;
    const NAME: &'static str = "identity_user_list";
    const READS: &'static [&'static str] = &[USER];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<UserRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::User(event) = &fact.payload else { return Ok(()) };
        if let UserEvent::Registered { name, email, roles } = event {
            *row = Some(UserRow {
                id: UserId::from_uuid(key),
                name: name.clone().or_else(erased::text),
                email: email.clone().or_else(erased::email),
                roles: roles.clone(),
                custom_roles: BTreeSet::new(),
                status: UserStatus::Active,
                registered_at: fact.metadata.occurred_at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let user = existing(row, key, fact)?;
        match event {
            UserEvent::Registered { .. } => {}
            UserEvent::Renamed { to, .. } => user.name = to.clone().or_else(erased::text),
            UserEvent::EmailChanged { to, .. } => user.email = to.clone().or_else(erased::email),
            UserEvent::RoleGranted { role } => {
                user.roles.insert(*role);
            }
            UserEvent::RoleRevoked { role } => {
                user.roles.remove(role);
            }
            UserEvent::CustomRoleGranted { role } => {
                user.custom_roles.insert(*role);
            }
            UserEvent::CustomRoleRevoked { role } => {
                user.custom_roles.remove(role);
            }
            UserEvent::Disabled {} => user.status = UserStatus::Disabled,
            UserEvent::Enabled {} => user.status = UserStatus::Active,
            // The row tells neither passwords nor sessions, invitations, second factors, keys or providers. Its version moves on
            // all the same: it is what a client names to change the user as it is.
            UserEvent::PasswordChanged { .. }
            | UserEvent::SignedOutEverywhere {}
            | UserEvent::SecondFactorEnabled { .. }
            | UserEvent::SecondFactorDisabled {}
            | UserEvent::RecoveryCodeUsed { .. }
            | UserEvent::KeyIssued { .. }
            | UserEvent::KeyRevoked { .. }
            | UserEvent::ProviderLinked { .. }
            | UserEvent::ProviderUnlinked {}
            | UserEvent::Invited {} => {}
            UserEvent::Erased {} => {
                user.name = Personal::erased().or_else(erased::text);
                user.email = Personal::erased().or_else(erased::email);
                user.status = UserStatus::Erased;
            }
        }
        user.updated_at = fact.recorded_at;
        user.version = fact.sequence;
        Ok(())
    }
}
