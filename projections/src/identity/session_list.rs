//! `identity_session_list`: sessions without an end of their own, and where all sessions of a user ended last.

use chrono::{DateTime, Utc};
use domain::identity::session::SessionEvent;
use domain::identity::user::UserEvent;
use domain::{Event, SessionId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{SESSION, USER};
use crate::projection::{Fact, FoldError, Projection};

/// A row: of a session, or of a user. A session goes on if it started after its user's sessions ended last, which an event of
/// the user tells once for all of them. On what it started is personal, so only the log has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SessionRow {
    /// A session without an end of its own.
    Session {
        /// The session.
        id: SessionId,
        /// Who signed in.
        user: UserId,
        /// When.
        started_at: DateTime<Utc>,
        /// The position of its start.
        started: i64,
    },
    /// A user all of whose sessions ended at some time.
    User {
        /// The user.
        id: UserId,
        /// The position at which they ended last.
        ended: i64,
    },
}

/// The read model.
pub struct SessionList;

impl Projection for SessionList {
    type Row = SessionRow;
    const NAME: &'static str = "identity_session_list";
    const READS: &'static [&'static str] = &[SESSION, USER];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<SessionRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        match &fact.payload {
            Event::Session(SessionEvent::Started { user, .. }) => {
                *row = Some(SessionRow::Session {
                    id: SessionId::from_uuid(key),
                    user: *user,
                    started_at: fact.metadata.occurred_at,
                    started: fact.position,
                });
            }
            Event::Session(SessionEvent::Ended { .. }) => *row = None,
            Event::User(event) if ends_all(event) => {
                *row = Some(SessionRow::User { id: UserId::from_uuid(key), ended: fact.position });
            }
            Event::Session(SessionEvent::SteppedUp {})
            | Event::User(_)
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
            | Event::Import(_) => {}
        }
        Ok(())
    }
}

/// Whether all sessions of the user are over from then on.
fn ends_all(event: &UserEvent) -> bool {
    match event {
        UserEvent::Disabled {}
        | UserEvent::PasswordChanged { .. }
        | UserEvent::SignedOutEverywhere {}
        | UserEvent::ProviderUnlinked {}
        | UserEvent::Erased {} => true,
        UserEvent::Registered { .. }
        | UserEvent::Renamed { .. }
        | UserEvent::EmailChanged { .. }
        | UserEvent::RoleGranted { .. }
        | UserEvent::RoleRevoked { .. }
        | UserEvent::CustomRoleGranted { .. }
        | UserEvent::CustomRoleRevoked { .. }
        | UserEvent::Invited {}
        | UserEvent::Enabled {}
        | UserEvent::SecondFactorEnabled { .. }
        | UserEvent::SecondFactorDisabled {}
        | UserEvent::RecoveryCodeUsed { .. }
        | UserEvent::KeyIssued { .. }
        | UserEvent::KeyRevoked { .. }
        | UserEvent::ProviderLinked { .. } => false,
    }
}
