//! What happens to a team.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{TeamId, Text, UserId};

/// An event of a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TeamEvent {
    /// The team was formed, without members.
    Formed {
        /// What people call it.
        name: Text<100>,
        /// Who manages it.
        manager: Option<UserId>,
        /// The team above it.
        parent: Option<TeamId>,
    },
    /// The team is called something else.
    Renamed {
        /// The old name.
        from: Text<100>,
        /// The new name.
        to: Text<100>,
    },
    /// Somebody else manages the team, or nobody.
    ManagerAppointed {
        /// The manager before.
        from: Option<UserId>,
        /// The manager now.
        to: Option<UserId>,
    },
    /// The team is below another team, or below none.
    Placed {
        /// The team above it before.
        from: Option<TeamId>,
        /// The team above it now.
        to: Option<TeamId>,
    },
    /// A user is in the team.
    MemberAdded {
        /// Who.
        user: UserId,
    },
    /// A user is no longer in the team.
    MemberRemoved {
        /// Who.
        user: UserId,
    },
    /// There is no such team any more.
    Dissolved {},
}

impl DomainEvent for TeamEvent {
    fn event_type(&self) -> String {
        format!("team.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
