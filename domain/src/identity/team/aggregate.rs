//! The team: state, decisions, and what events make of it.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{TeamAction, TeamCommand, TeamError, TeamEvent};
use crate::{TeamId, Text, UserId};

/// The most members of one team.
pub const MAX_MEMBERS: usize = 1_000;

/// A team, as the events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Team {
    /// Not formed yet.
    #[default]
    Unborn,
    /// There is one.
    Formed(Roster),
    /// There was one.
    Dissolved,
}

/// Who is in a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    /// What people call it.
    pub name: Text<100>,
    /// Who manages it, which makes nobody a member.
    pub manager: Option<UserId>,
    /// The team above it.
    pub parent: Option<TeamId>,
    /// Its members.
    pub members: BTreeSet<UserId>,
}

impl Team {
    /// Who is in the team, while there is one.
    pub fn roster(&self) -> Option<&Roster> {
        match self {
            Self::Formed(roster) => Some(roster),
            Self::Unborn | Self::Dissolved => None,
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: TeamCommand) -> Result<Vec<TeamEvent>, TeamError> {
        command.not_in_future(TeamError::OccurredInFuture)?;
        command.not_too_early(TeamError::OccurredTooEarly)?;
        let event = match command.action {
            TeamAction::Form { name, manager, parent } => {
                if *self != Self::Unborn {
                    return Err(TeamError::AlreadyExists);
                }
                Some(TeamEvent::Formed { name, manager, parent })
            }
            TeamAction::Dissolve => match self {
                Self::Unborn => return Err(TeamError::NotFound),
                Self::Formed(_) => Some(TeamEvent::Dissolved {}),
                Self::Dissolved => None,
            },
            TeamAction::Rename { name: to } => {
                let from = self.formed()?.name.clone();
                (from != to).then_some(TeamEvent::Renamed { from, to })
            }
            TeamAction::Appoint { manager: to } => {
                let from = self.formed()?.manager;
                (from != to).then_some(TeamEvent::ManagerAppointed { from, to })
            }
            TeamAction::Place { parent: to } => {
                let from = self.formed()?.parent;
                (from != to).then_some(TeamEvent::Placed { from, to })
            }
            TeamAction::AddMember { user } => self.formed()?.add(user)?,
            TeamAction::RemoveMember { user } => {
                self.formed()?.members.contains(&user).then_some(TeamEvent::MemberRemoved { user })
            }
        };
        Ok(event.into_iter().collect())
    }

    fn formed(&self) -> Result<&Roster, TeamError> {
        match self {
            Self::Unborn => Err(TeamError::NotFound),
            Self::Formed(roster) => Ok(roster),
            Self::Dissolved => Err(TeamError::Dissolved),
        }
    }
}

impl Roster {
    fn add(&self, user: UserId) -> Result<Option<TeamEvent>, TeamError> {
        if self.members.contains(&user) {
            return Ok(None);
        }
        if self.members.len() >= MAX_MEMBERS {
            return Err(TeamError::Full);
        }
        Ok(Some(TeamEvent::MemberAdded { user }))
    }
}

impl Aggregate for Team {
    const TYPE: &'static str = "identity.team";
    type Command = TeamCommand;
    type Event = TeamEvent;
    type Error = TeamError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        if let TeamEvent::Formed { name, manager, parent } = event {
            *self = Self::Formed(Roster { name, manager, parent, members: BTreeSet::new() });
            return;
        }
        // Only a team that was formed has further events; the log cannot hold others.
        let Self::Formed(roster) = self else { return };
        match event {
            TeamEvent::Formed { .. } => {}
            TeamEvent::Renamed { to, .. } => roster.name = to,
            TeamEvent::ManagerAppointed { to, .. } => roster.manager = to,
            TeamEvent::Placed { to, .. } => roster.parent = to,
            TeamEvent::MemberAdded { user } => {
                roster.members.insert(user);
            }
            TeamEvent::MemberRemoved { user } => {
                roster.members.remove(&user);
            }
            TeamEvent::Dissolved {} => *self = Self::Dissolved,
        }
    }
}
