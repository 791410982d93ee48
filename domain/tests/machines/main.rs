//! Random commands against each aggregate: whatever is asked, in whatever order, what must hold holds.

mod billing;
mod books;
mod commands;
mod credit;
mod deal;
mod oracle;

use std::collections::BTreeSet;
use std::fmt::Debug;

use commands::{
    custom_role_commands, import_commands, lead_commands, opportunity_commands, pipeline_commands,
    provider_commands, session_commands, team_commands, user_commands,
};
use cqrs_es::{Aggregate, DomainEvent};
use deal::Folded;
use domain::StageId;
use domain::identity::custom_role::CustomRole;
use domain::identity::field::HideableField;
use domain::identity::permission::Permission;
use domain::identity::provider::{Provider, ProviderEvent};
use domain::identity::session::{Session, SessionEvent};
use domain::identity::team::{Team, TeamEvent};
use domain::identity::user::{User, UserEvent};
use domain::sales::import::Import;
use domain::sales::lead::{Lead, LeadEvent, LeadStatus};
use domain::sales::opportunity::{Opportunity, OpportunityStatus};
use domain::sales::pipeline::{MAX_STAGES, Pipeline};
use proptest::prelude::*;

/// What holds for all aggregates once a command led to `events`.
fn check<A>(before: &A, command: &A::Command, after: &A, events: &[A::Event]) -> Result<(), TestCaseError>
where
    A: Aggregate + Clone + PartialEq + Debug,
    A::Command: Debug,
{
    prop_assert!(events.len() <= 1, "{command:?} led to {events:?}");
    prop_assert!(!events.is_empty() || before == after);
    for event in events {
        let json = serde_json::to_value(event).expect("serialises");
        let read: A::Event = serde_json::from_value(json).expect("reads what it wrote");
        prop_assert_eq!(&read, event);
        let (_context, aggregate) = A::TYPE.split_once('.').expect("a context");
        prop_assert!(event.event_type().starts_with(aggregate));
    }
    let snapshot = serde_json::to_value(after).expect("serialises");
    prop_assert_eq!(&serde_json::from_value::<A>(snapshot).expect("reads what it wrote"), after);
    Ok(())
}

/// A state as the log gives it back: every event of its history from its JSON, applied to nothing.
#[derive(Default)]
struct Stored(Vec<serde_json::Value>);

impl Stored {
    fn add<A: Aggregate + PartialEq + Debug>(
        &mut self,
        events: &[A::Event],
        now: &A,
    ) -> Result<(), TestCaseError> {
        self.0.extend(events.iter().map(|event| serde_json::to_value(event).expect("serialises")));
        let mut rebuilt = A::default();
        for payload in &self.0 {
            rebuilt.apply(serde_json::from_value(payload.clone()).expect("reads what it wrote"));
        }
        prop_assert_eq!(&rebuilt, now);
        Ok(())
    }
}

/// Applies `events` to a copy.
fn after<A: Aggregate + Clone>(before: &A, events: &[A::Event]) -> A {
    let mut after = before.clone();
    events.iter().cloned().for_each(|event| after.apply(event));
    after
}

proptest! {
    #[test]
    fn a_deal_is_in_one_stage_at_a_time_whatever_is_asked(commands in opportunity_commands()) {
        let mut deal = Opportunity::default();
        let mut stored = Stored::default();
        let mut folded = Folded::default();
        for command in commands {
            let Ok(events) = deal.decide(command.clone()) else { continue };
            let next = after(&deal, &events);
            check(&deal, &command, &next, &events)?;
            stored.add(&events, &next)?;
            events.iter().try_for_each(|event| folded.apply(event))?;
            prop_assert_eq!(next.stage(), folded.stage);
            if next.status() == Some(OpportunityStatus::Won) {
                prop_assert!(next.deal().is_some_and(|won| won.amount.is_some()));
            }
            deal = next;
        }
    }

    #[test]
    fn a_lead_becomes_one_opportunity_at_most_whatever_is_asked(commands in lead_commands()) {
        let mut lead = Lead::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = lead.decide(command.clone()) else { continue };
            let next = after(&lead, &events);
            check(&lead, &command, &next, &events)?;
            stored.add(&events, &next)?;
            if lead.converted_to().is_some() {
                prop_assert_eq!(next.converted_to(), lead.converted_to());
            }
            if lead.status() == Some(LeadStatus::Withdrawn) {
                let erases = events.iter().all(|event| matches!(event, LeadEvent::Erased { .. }));
                prop_assert!(erases);
            }
            if matches!(lead, Lead::Erased { .. }) {
                prop_assert!(events.is_empty());
            }
            for event in &events {
                let left = match event {
                    LeadEvent::Disqualified { from, .. }
                    | LeadEvent::Reopened { from, .. }
                    | LeadEvent::Converted { from, .. }
                    | LeadEvent::Withdrawn { from, .. }
                    | LeadEvent::Erased { from, .. } => Some(*from),
                    LeadEvent::Captured { .. }
                    | LeadEvent::Assigned { .. }
                    | LeadEvent::Qualified { .. }
                    | LeadEvent::ActivityLogged { .. }
                    | LeadEvent::Corrected { .. } => lead.status(),
                };
                prop_assert_eq!(left, lead.status());
            }
            prop_assert!(lead.last_change().zip(next.last_change()).is_none_or(|(was, is)| was <= is));
            lead = next;
        }
    }

    #[test]
    fn a_pipeline_keeps_its_stages_in_order_whatever_is_asked(commands in pipeline_commands()) {
        let mut pipeline = Pipeline::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = pipeline.decide(command.clone()) else { continue };
            let next = after(&pipeline, &events);
            check(&pipeline, &command, &next, &events)?;
            stored.add(&events, &next)?;
            let stages = next.stages();
            let names: BTreeSet<String> = stages.iter().map(|stage| stage.name.to_lowercase()).collect();
            let ids: BTreeSet<StageId> = stages.iter().map(|stage| stage.id).collect();
            prop_assert!((1..=MAX_STAGES).contains(&stages.len()));
            prop_assert_eq!((names.len(), ids.len()), (stages.len(), stages.len()));
            pipeline = next;
        }
    }

    #[test]
    fn a_user_has_one_address_at_a_time_whatever_is_asked(commands in user_commands()) {
        let mut user = User::default();
        let mut stored = Stored::default();
        let mut address = None;
        for command in commands {
            let Ok(events) = user.decide(command.clone()) else { continue };
            let next = after(&user, &events);
            check(&user, &command, &next, &events)?;
            stored.add(&events, &next)?;
            for event in &events {
                prop_assert_eq!(event.email_left(), address.as_ref().filter(|_| event.email_taken().is_some()));
                address = event.email_taken().cloned().or(address);
                if let (UserEvent::RoleGranted { role }, Some(account)) = (event, user.account()) {
                    prop_assert!(!account.roles.contains(role));
                }
            }
            if next == User::Erased {
                address = None;
            }
            prop_assert_eq!(next.account().and_then(|account| account.email.reveal()), address.as_ref());
            user = next;
        }
    }

    #[test]
    fn a_user_has_the_last_password_and_an_epoch_for_each_end_of_all_sessions(commands in user_commands()) {
        let mut user = User::default();
        let (mut password, mut ends) = (None, 0);
        for command in commands {
            let Ok(events) = user.decide(command) else { continue };
            let next = after(&user, &events);
            for event in &events {
                match event {
                    UserEvent::PasswordChanged { password: to, .. } => {
                        prop_assert!(user.is_active());
                        prop_assert_ne!(password.replace(*to), Some(*to));
                        ends += 1;
                    }
                    UserEvent::Disabled {} | UserEvent::SignedOutEverywhere {} => {
                        prop_assert!(user.is_active());
                        ends += 1;
                    }
                    UserEvent::ProviderLinked { issuer, .. } => {
                        prop_assert_eq!(user.provider_link(issuer), None);
                    }
                    UserEvent::ProviderUnlinked {} => ends += 1,
                    UserEvent::Registered { .. }
                    | UserEvent::Renamed { .. }
                    | UserEvent::EmailChanged { .. }
                    | UserEvent::RoleGranted { .. }
                    | UserEvent::RoleRevoked { .. }
                    | UserEvent::CustomRoleGranted { .. }
                    | UserEvent::CustomRoleRevoked { .. }
                    | UserEvent::Invited {}
                    | UserEvent::Enabled {}
                    | UserEvent::SecondFactorDisabled {}
                    | UserEvent::KeyRevoked { .. } => {}
                    // Whose account is closed has neither.
                    UserEvent::Erased {} => (password, ends) = (None, 0),
                    UserEvent::SecondFactorEnabled { .. } => prop_assert_eq!(user.second_factor(), None),
                    UserEvent::RecoveryCodeUsed { left } => {
                        let before = user.second_factor().map(|factor| factor.recovery_codes);
                        prop_assert_eq!(before, Some(left + 1));
                    }
                    UserEvent::KeyIssued { key, .. } => prop_assert!(user.key(*key).is_none()),
                }
            }
            prop_assert_eq!((next.password(), next.epoch()), (password, ends));
            user = next;
        }
    }

    #[test]
    fn a_session_is_of_one_user_and_ends_for_good_whatever_is_asked(commands in session_commands()) {
        let mut session = Session::default();
        let mut stored = Stored::default();
        let mut ends = 0;
        for command in commands {
            let Ok(events) = session.decide(command.clone()) else { continue };
            let next = after(&session, &events);
            check(&session, &command, &next, &events)?;
            stored.add(&events, &next)?;
            if session.user().is_some() {
                prop_assert_eq!(next.user(), session.user());
                prop_assert!(session.is_live() || !next.is_live());
            }
            ends += events.iter().filter(|event| matches!(event, SessionEvent::Ended { .. })).count();
            prop_assert_eq!(ends, usize::from(next.user().is_some() && !next.is_live()));
            session = next;
        }
    }

    #[test]
    fn a_custom_role_has_one_name_and_gives_only_what_can_be_given(commands in custom_role_commands()) {
        let mut role = CustomRole::default();
        let mut stored = Stored::default();
        let mut name = None;
        for command in commands {
            let Ok(events) = role.decide(command.clone()) else { continue };
            let next = after(&role, &events);
            check(&role, &command, &next, &events)?;
            stored.add(&events, &next)?;
            for event in &events {
                if event.name_left().is_some() || event.name_taken().is_some() {
                    prop_assert_eq!(event.name_left(), name.as_ref());
                    name = event.name_taken().cloned();
                }
            }
            prop_assert_eq!(next.definition().map(|definition| &definition.name), name.as_ref());
            for (permission, level) in next.definition().iter().flat_map(|definition| &definition.grants) {
                prop_assert!(Permission::of_name(permission).is_some_and(|permission| permission.can_be_given(*level)));
            }
            for field in next.definition().iter().flat_map(|definition| &definition.hidden) {
                prop_assert!(HideableField::of_name(field).is_some());
            }
            prop_assert!(role != CustomRole::Retired || next == CustomRole::Retired);
            role = next;
        }
    }

    #[test]
    fn a_team_has_whoever_joined_last_and_did_not_leave(commands in team_commands()) {
        let mut team = Team::default();
        let mut stored = Stored::default();
        let mut members = BTreeSet::new();
        for command in commands {
            let Ok(events) = team.decide(command.clone()) else { continue };
            let next = after(&team, &events);
            check(&team, &command, &next, &events)?;
            stored.add(&events, &next)?;
            for event in &events {
                match event {
                    TeamEvent::MemberAdded { user } => prop_assert!(members.insert(*user)),
                    TeamEvent::MemberRemoved { user } => prop_assert!(members.remove(user)),
                    TeamEvent::Formed { .. }
                    | TeamEvent::Renamed { .. }
                    | TeamEvent::ManagerAppointed { .. }
                    | TeamEvent::Placed { .. }
                    | TeamEvent::Dissolved {} => {}
                }
            }
            let has = next.roster().map(|roster| roster.members.clone());
            prop_assert!(has.is_none_or(|has| has == members));
            prop_assert!(team != Team::Dissolved || next == Team::Dissolved);
            team = next;
        }
    }

    #[test]
    fn a_provider_lets_in_on_the_last_terms_or_not_at_all(commands in provider_commands()) {
        let mut provider = Provider::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = provider.decide(command.clone()) else { continue };
            let next = after(&provider, &events);
            check(&provider, &command, &next, &events)?;
            stored.add(&events, &next)?;
            match events.first() {
                Some(ProviderEvent::Configured(terms)) => prop_assert_eq!(next.settings.as_ref(), Some(terms)),
                Some(ProviderEvent::Removed {}) | None => prop_assert!(events.is_empty() || next.settings.is_none()),
            }
            prop_assert!(next.settings.is_some() || next.check_password().is_ok());
            provider = next;
        }
    }

    #[test]
    fn an_import_is_undone_for_good_whatever_is_asked(commands in import_commands()) {
        let mut import = Import::default();
        let mut stored = Stored::default();
        for command in commands {
            let Ok(events) = import.decide(command.clone()) else { continue };
            let next = after(&import, &events);
            check(&import, &command, &next, &events)?;
            stored.add(&events, &next)?;
            prop_assert!(import != Import::Undone || next == Import::Undone);
            import = next;
        }
    }
}
