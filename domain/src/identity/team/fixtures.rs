//! One example of each event of a team.

use super::TeamEvent;
use crate::fixtures::{id, text};
use crate::identity::user::fixtures::USER;
use crate::{TeamId, UserId};

/// The team of the examples.
pub const TEAM: TeamId = id(101);
/// The team above it.
pub const ABOVE: TeamId = id(102);
/// The manager of the examples.
pub const MANAGER: UserId = id(62);

/// One of each.
pub fn all() -> Vec<TeamEvent> {
    vec![formed(), renamed(), manager_appointed(), placed(), member_added(), member_removed(), dissolved()]
}

/// `team.formed`
pub fn formed() -> TeamEvent {
    TeamEvent::Formed { name: text("North"), manager: Some(MANAGER), parent: None }
}

/// `team.renamed`
pub fn renamed() -> TeamEvent {
    TeamEvent::Renamed { from: text("North"), to: text("North and East") }
}

/// `team.manager_appointed`
pub fn manager_appointed() -> TeamEvent {
    TeamEvent::ManagerAppointed { from: Some(MANAGER), to: Some(USER) }
}

/// `team.placed`
pub fn placed() -> TeamEvent {
    TeamEvent::Placed { from: None, to: Some(ABOVE) }
}

/// `team.member_added`
pub fn member_added() -> TeamEvent {
    TeamEvent::MemberAdded { user: USER }
}

/// `team.member_removed`
pub fn member_removed() -> TeamEvent {
    TeamEvent::MemberRemoved { user: USER }
}

/// `team.dissolved`
pub fn dissolved() -> TeamEvent {
    TeamEvent::Dissolved {}
}
