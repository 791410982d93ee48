//! `identity_team_list`: teams with their members.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::identity::team::TeamEvent;
use domain::{Event, TeamId, Text, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TEAM;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamRow {
    /// Its id.
    pub id: TeamId,
    /// What people call it.
    pub name: Text<100>,
    /// Who manages it.
    pub manager_id: Option<UserId>,
    /// The team above it, which may be dissolved.
    pub parent_id: Option<TeamId>,
    /// Its members.
    pub members: BTreeSet<UserId>,
    /// When it was formed.
    pub formed_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// The read model. A team that was dissolved is not on it.
pub struct TeamList;

impl Projection for TeamList {
    type Row = TeamRow;
    const NAME: &'static str = "identity_team_list";
    const READS: &'static [&'static str] = &[TEAM];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<TeamRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Team(event) = &fact.payload else { return Ok(()) };
        if let TeamEvent::Formed { name, manager, parent } = event {
            *row = Some(TeamRow {
                id: TeamId::from_uuid(key),
                name: name.clone(),
                manager_id: *manager,
                parent_id: *parent,
                members: BTreeSet::new(),
                formed_at: fact.metadata.occurred_at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let team = existing(row, key, fact)?;
        match event {
            TeamEvent::Formed { .. } => {}
            TeamEvent::Renamed { to, .. } => team.name = to.clone(),
            TeamEvent::ManagerAppointed { to, .. } => team.manager_id = *to,
            TeamEvent::Placed { to, .. } => team.parent_id = *to,
            TeamEvent::MemberAdded { user } => {
                team.members.insert(*user);
            }
            TeamEvent::MemberRemoved { user } => {
                team.members.remove(user);
            }
            TeamEvent::Dissolved {} => {
                *row = None;
                return Ok(());
            }
        }
        team.updated_at = fact.recorded_at;
        team.version = fact.sequence;
        Ok(())
    }
}
