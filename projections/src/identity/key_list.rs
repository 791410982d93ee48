//! `identity_key_list`: keys of users that were not revoked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::identity::user::UserEvent;
use domain::{ApiKeyId, Event, Text, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::USER;
use crate::projection::{Fact, FoldError, Projection};

/// A key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    /// The key.
    pub id: ApiKeyId,
    /// For whom programs act by it.
    pub user: UserId,
    /// What the user calls it.
    pub name: Text<100>,
    /// The permissions that it may use, as far as the user has them.
    pub scopes: BTreeSet<Text<64>>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
}

/// The read model.
pub struct KeyList;

impl Projection for KeyList {
    type Row = KeyRow;
    const NAME: &'static str = "identity_key_list";
    const READS: &'static [&'static str] = &[USER];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        match &fact.payload {
            Event::User(UserEvent::KeyIssued { key, .. } | UserEvent::KeyRevoked { key }) => {
                vec![key.as_uuid()]
            }
            Event::User(_)
            | Event::Session(_)
            | Event::Policy(_)
            | Event::Provider(_)
            | Event::LegalEntity(_)
            | Event::Customer(_)
            | Event::Series(_)
            | Event::Invoice(_)
            | Event::Payment(_)
            | Event::CustomRole(_)
            | Event::Team(_)
            | Event::Tenant(_)
            | Event::Lead(_)
            | Event::Opportunity(_)
            | Event::Pipeline(_)
            | Event::Import(_) => Vec::new(),
        }
    }

    fn apply(row: &mut Option<KeyRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::User(event) = &fact.payload else { return Ok(()) };
        match event {
            UserEvent::KeyIssued { name, scopes, expires_at, .. } => {
                *row = Some(KeyRow {
                    id: ApiKeyId::from_uuid(key),
                    user: UserId::from_uuid(fact.aggregate_id),
                    name: name.clone(),
                    scopes: scopes.clone(),
                    issued_at: fact.metadata.occurred_at,
                    expires_at: *expires_at,
                });
            }
            UserEvent::KeyRevoked { .. } => *row = None,
            UserEvent::Registered { .. }
            | UserEvent::Renamed { .. }
            | UserEvent::EmailChanged { .. }
            | UserEvent::RoleGranted { .. }
            | UserEvent::RoleRevoked { .. }
            | UserEvent::CustomRoleGranted { .. }
            | UserEvent::CustomRoleRevoked { .. }
            | UserEvent::Invited {}
            | UserEvent::ProviderLinked { .. }
            | UserEvent::ProviderUnlinked {}
            | UserEvent::Disabled {}
            | UserEvent::Enabled {}
            | UserEvent::PasswordChanged { .. }
            | UserEvent::SignedOutEverywhere {}
            | UserEvent::Erased {}
            | UserEvent::SecondFactorEnabled { .. }
            | UserEvent::SecondFactorDisabled {}
            | UserEvent::RecoveryCodeUsed { .. } => {}
        }
        Ok(())
    }
}
