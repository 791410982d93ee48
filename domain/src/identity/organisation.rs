//! The custom roles, teams and policy of a tenant, and what follows from them for one user.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::identity::custom_role::CustomRole;
use crate::identity::field::HideableField;
use crate::identity::permission::{self, Permission};
use crate::identity::policy::Policy;
use crate::identity::team::Team;
use crate::identity::{Grants, Level, Role};
use crate::{CustomRoleId, TeamId, UserId};

/// The custom roles, teams and policy of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisation {
    /// The roles.
    pub roles: HashMap<CustomRoleId, CustomRole>,
    /// The teams.
    pub teams: HashMap<TeamId, Team>,
    /// What it asks of its users.
    pub policy: Policy,
}

/// Why somebody may do something, and how far that reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The widest level that any of the roles gives.
    pub level: Level,
    /// The roles of every tenant that give it.
    pub roles: Vec<Role>,
    /// The roles of those that the tenant has defined that give it, each with its level.
    pub custom_roles: Vec<(CustomRoleId, Level)>,
}

/// What custom roles let somebody do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights {
    /// Each permission, as far as the widest of the roles reaches.
    pub grants: Grants,
    /// The owner whose records are within [`Level::Own`]: whoever asks.
    pub own: Arc<BTreeSet<String>>,
    /// The owners whose records are within [`Level::Team`]: whoever asks, and those in the teams that they manage.
    pub team: Arc<BTreeSet<String>>,
    /// What is hidden from whoever uses a permission; without an entry, nothing.
    pub hidden: BTreeMap<String, Arc<Hidden>>,
}

/// The fields that are hidden by their names, by whose a record is: of the roles that give a permission so far, none shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hidden {
    /// Of records of one's own.
    pub own: BTreeSet<&'static str>,
    /// Of those of the members of one's teams.
    pub team: BTreeSet<&'static str>,
    /// Of all others.
    pub all: BTreeSet<&'static str>,
}

impl Organisation {
    /// What these roles let the user of this `sub` do.
    pub fn rights(&self, subject: &str, roles: &[CustomRoleId]) -> Rights {
        let mut grants = Grants::new();
        let definitions = roles.iter().filter_map(|role| self.roles.get(role)?.definition());
        for (name, level) in definitions.flat_map(|definition| &definition.grants) {
            let widest = grants.entry(name.clone()).or_insert(*level);
            *widest = (*widest).max(*level);
        }
        let own = BTreeSet::from([subject.to_owned()]);
        let mut team = own.clone();
        if grants.values().any(|level| *level == Level::Team)
            && let Ok(user) = UserId::parse(subject)
        {
            team.extend(self.below(user).iter().map(ToString::to_string));
        }
        let hidden = self.hidden(&grants, roles);
        Rights { grants, own: Arc::new(own), team: Arc::new(team), hidden }
    }

    /// What these roles hide, of what they give.
    fn hidden(&self, grants: &Grants, roles: &[CustomRoleId]) -> BTreeMap<String, Arc<Hidden>> {
        let definitions: Vec<_> =
            roles.iter().filter_map(|role| self.roles.get(role)?.definition()).collect();
        if definitions.iter().all(|definition| definition.hidden.is_empty()) {
            return BTreeMap::new();
        }
        let at = |permission: &String, level: Level| {
            let given = definitions.iter().filter(|one| one.grants.get(permission) >= Some(&level));
            let names = given
                .map(|one| one.hidden.iter().filter_map(|name| Some(HideableField::of_name(name)?.name)));
            names.map(BTreeSet::from_iter).reduce(|one, other| &one & &other).unwrap_or_default()
        };
        let all = grants.iter().filter_map(|(permission, widest)| {
            let own = at(permission, Level::Own);
            let team = if *widest >= Level::Team { at(permission, Level::Team) } else { own.clone() };
            let all = if *widest == Level::All { at(permission, Level::All) } else { team.clone() };
            (!all.is_empty()).then(|| (permission.clone(), Arc::new(Hidden { own, team, all })))
        });
        all.collect()
    }

    /// What a user of these roles may do, and why: each permission that there is today.
    pub fn reasons(
        &self,
        roles: &BTreeSet<Role>,
        custom_roles: &BTreeSet<CustomRoleId>,
    ) -> BTreeMap<&'static str, Reason> {
        let given = |permission: &Permission, role: &CustomRoleId| {
            let level = *self.roles.get(role)?.definition()?.grants.get(permission.name)?;
            Some((*role, level))
        };
        let reason = |permission: &Permission| {
            let roles: Vec<Role> =
                roles.intersection(&permission.roles.iter().copied().collect()).copied().collect();
            let custom_roles: Vec<_> =
                custom_roles.iter().filter_map(|role| given(permission, role)).collect();
            let widest = custom_roles.iter().map(|(_, level)| *level).max();
            let level = if roles.is_empty() { widest? } else { Level::All };
            Some((permission.name, Reason { level, roles, custom_roles }))
        };
        permission::ALL.iter().filter_map(reason).collect()
    }

    /// Whose records a manager reaches with [`Level::Team`]: their own, and those of whoever is below.
    pub fn team(&self, manager: UserId) -> BTreeSet<UserId> {
        let mut team = self.below(manager);
        team.insert(manager);
        team
    }

    /// The members of the teams that a user manages, and the members and managers of the teams below those.
    fn below(&self, manager: UserId) -> BTreeSet<UserId> {
        let rosters = || self.teams.iter().filter_map(|(id, team)| Some((*id, team.roster()?)));
        let mut children: BTreeMap<TeamId, Vec<TeamId>> = BTreeMap::new();
        for (id, roster) in rosters() {
            if let Some(parent) = roster.parent {
                children.entry(parent).or_default().push(id);
            }
        }
        let mut users = BTreeSet::new();
        let mut open: Vec<TeamId> =
            rosters().filter(|(_, roster)| roster.manager == Some(manager)).map(|(id, _)| id).collect();
        let mut seen: BTreeSet<TeamId> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            let Some(roster) = self.teams.get(&id).and_then(Team::roster) else { continue };
            users.extend(roster.members.iter().copied().chain(roster.manager));
            let below = children.get(&id).into_iter().flatten().copied();
            open.extend(below.filter(|id| seen.insert(*id)));
        }
        users
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{id, text};
    use crate::identity::custom_role::CustomRoleEvent;
    use crate::identity::team::TeamEvent;
    use crate::testing::given;

    const BOSS: UserId = id(1);
    const LEAD: UserId = id(2);
    const MEMBER: UserId = id(3);
    const OTHER: UserId = id(4);

    fn role(grants: &[(&str, Level)]) -> CustomRole {
        let grants = grants.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
        given([CustomRoleEvent::Defined { name: text("A role"), grants, hidden: BTreeSet::new() }])
    }

    fn team(manager: Option<UserId>, parent: Option<TeamId>, members: &[UserId]) -> Team {
        let formed = TeamEvent::Formed { name: text("A team"), manager, parent };
        let members = members.iter().map(|user| TeamEvent::MemberAdded { user: *user });
        given(std::iter::once(formed).chain(members))
    }

    /// Boss above lead above member; another team beside them.
    fn organisation() -> Organisation {
        Organisation {
            roles: [
                (id(91), role(&[("lead.read", Level::Team), ("report.read", Level::Own)])),
                (id(92), role(&[("lead.read", Level::Own), ("report.read", Level::All)])),
            ]
            .into(),
            teams: [
                (id(101), team(Some(BOSS), None, &[])),
                (id(102), team(Some(LEAD), Some(id(101)), &[MEMBER])),
                (id(103), team(None, None, &[OTHER, LEAD])),
            ]
            .into(),
            policy: Policy::default(),
        }
    }

    fn reach(organisation: &Organisation, user: UserId) -> BTreeSet<UserId> {
        let rights = organisation.rights(&user.to_string(), &[id(91)]);
        rights.team.iter().map(|owner| UserId::parse(owner).unwrap()).collect()
    }

    #[test]
    fn of_several_roles_the_widest_counts_for_each_permission() {
        let rights = organisation().rights("sam", &[id(91), id(92), id(99)]);
        let wide = [("lead.read".to_owned(), Level::Team), ("report.read".to_owned(), Level::All)];
        assert_eq!(rights.grants, wide.into());
        assert_eq!(*rights.team, ["sam".to_owned()].into());
        assert!(organisation().rights("sam", &[]).grants.is_empty());
    }

    #[test]
    fn a_reason_names_each_role_that_gives_a_permission() {
        let reasons = organisation().reasons(&[Role::Finance].into(), &[id(91), id(92)].into());
        let lead_read = Reason {
            level: Level::Team,
            roles: vec![],
            custom_roles: vec![(id(91), Level::Team), (id(92), Level::Own)],
        };
        assert_eq!(reasons["lead.read"], lead_read);
        assert_eq!(
            (reasons["report.read"].level, &reasons["report.read"].roles),
            (Level::All, &vec![Role::Finance])
        );
        assert_eq!(
            reasons.keys().copied().collect::<Vec<_>>(),
            [
                "billing.issue",
                "billing.read",
                "billing.set_up",
                "billing.settle",
                "billing.write",
                "lead.read",
                "opportunity.read",
                "pipeline.read",
                "report.read"
            ]
        );
    }

    #[test]
    fn what_was_retired_gives_nothing() {
        let mut organisation = organisation();
        let retired = CustomRoleEvent::Retired { name: text("A role") };
        cqrs_es::Aggregate::apply(organisation.roles.get_mut(&id(91)).unwrap(), retired);
        assert!(organisation.rights("sam", &[id(91)]).grants.is_empty());
    }

    #[test]
    fn a_manager_reaches_all_below_and_a_member_nobody_else() {
        let organisation = organisation();
        assert_eq!(reach(&organisation, BOSS), [BOSS, LEAD, MEMBER].into());
        assert_eq!(reach(&organisation, LEAD), [LEAD, MEMBER].into());
        assert_eq!(reach(&organisation, MEMBER), [MEMBER].into());
        assert_eq!(reach(&organisation, OTHER), [OTHER].into());
    }

    #[test]
    fn a_team_that_was_dissolved_leads_nowhere() {
        let mut organisation = organisation();
        cqrs_es::Aggregate::apply(organisation.teams.get_mut(&id(102)).unwrap(), TeamEvent::Dissolved {});
        assert_eq!(reach(&organisation, BOSS), [BOSS].into());
        assert_eq!(reach(&organisation, LEAD), [LEAD].into());
    }

    #[test]
    fn teams_in_a_circle_do_not_turn_for_ever() {
        let mut organisation = organisation();
        let placed = TeamEvent::Placed { from: None, to: Some(id(102)) };
        cqrs_es::Aggregate::apply(organisation.teams.get_mut(&id(101)).unwrap(), placed);
        assert_eq!(reach(&organisation, LEAD), [BOSS, LEAD, MEMBER].into());
    }

    /// A role that gives to read leads so far, and hides these fields.
    fn hiding(level: Level, hidden: &[&str]) -> CustomRole {
        let grants = [("lead.read".to_owned(), level)].into();
        let hidden = hidden.iter().map(ToString::to_string).collect();
        given([CustomRoleEvent::Defined { name: text("A role"), grants, hidden }])
    }

    #[test]
    fn a_field_is_shown_if_any_role_that_lets_see_the_record_shows_it() {
        let roles = [
            (id(91), hiding(Level::Own, &[])),
            (id(92), hiding(Level::Team, &["lead.email"])),
            (id(93), hiding(Level::All, &["lead.email", "lead.phone"])),
            (id(94), role(&[("pipeline.read", Level::All)])),
        ];
        let organisation = Organisation { roles: roles.into(), ..Organisation::default() };
        let hidden = |roles: &[u128]| {
            let roles: Vec<CustomRoleId> = roles.iter().map(|number| id(*number)).collect();
            let rights = organisation.rights("sam", &roles);
            assert!(!rights.hidden.contains_key("pipeline.read"));
            let found =
                rights.hidden.get("lead.read").map(|hidden| Hidden::clone(hidden)).unwrap_or_default();
            [found.own.len(), found.team.len(), found.all.len()]
        };
        assert_eq!(hidden(&[91, 92, 93, 94]), [0, 1, 2]);
        assert_eq!(hidden(&[92, 93]), [1, 1, 2]);
        assert_eq!(hidden(&[93]), [2, 2, 2]);
        assert_eq!(hidden(&[91, 92]), [0, 1, 1]);
        assert_eq!(hidden(&[91]), [0, 0, 0]);
    }
}
