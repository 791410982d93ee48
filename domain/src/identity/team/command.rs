//! What can be asked of a team.

use crate::{Command, TeamId, Text, UserId};

/// An action on a team, with its times.
pub type TeamCommand = Command<TeamAction>;

/// What to do with a team. That users and the team above exist, and that no team comes to be below itself, the caller
/// guards in the same transaction.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TeamAction {
    /// Begin, without members.
    Form {
        /// What people call it.
        name: Text<100>,
        /// Who manages it.
        manager: Option<UserId>,
        /// The team above it.
        parent: Option<TeamId>,
    },
    /// Call it something else.
    Rename {
        /// The new name.
        name: Text<100>,
    },
    /// Let somebody else manage it, or nobody.
    Appoint {
        /// The new manager.
        manager: Option<UserId>,
    },
    /// Put it below another team, or below none.
    Place {
        /// The new team above it.
        parent: Option<TeamId>,
    },
    /// Take a user in.
    AddMember {
        /// Whom.
        user: UserId,
    },
    /// Let a user go.
    RemoveMember {
        /// Whom.
        user: UserId,
    },
    /// End it, for good.
    Dissolve,
}
