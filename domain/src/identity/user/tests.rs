use std::collections::BTreeSet;

use chrono::Duration;
use cqrs_es::DomainEvent;
use strum::VariantNames;

use super::fixtures::{
    FACTOR, KEY, PASSWORD, all, custom_role_granted, custom_role_revoked, disabled, email_changed, enabled,
    erased, first_password_given, invited, key_issued, key_revoked, password_changed, provider_linked,
    provider_unlinked, recovery_code_used, registered, renamed, role_granted, role_revoked,
    second_factor_disabled, second_factor_enabled, signed_out_everywhere,
};
use super::{RIGHTS_EVENTS, User, UserAction, UserError, UserEvent};
use crate::fixtures::{at, email, id, text};
use crate::identity::Role;
use crate::identity::custom_role::fixtures::CUSTOM_ROLE;
use crate::identity::provider::IssuerUrl;
use crate::identity::provider::fixtures::issuer;
use crate::testing::{given, on};
use crate::{ApiKeyId, Command, Personal};

fn decide(
    events: impl IntoIterator<Item = UserEvent>,
    action: UserAction,
) -> Result<Vec<UserEvent>, UserError> {
    given::<User>(events).decide(on(10, action))
}

fn register() -> UserAction {
    UserAction::Register {
        name: Personal::new(text("Grace Hopper")),
        email: Personal::new(email("grace@engines.example")),
        roles: [Role::SalesRep].into(),
    }
}

#[test]
fn an_account_is_opened_once() {
    assert_eq!(decide([], register()), Ok(vec![registered()]));
    assert_eq!(decide([registered()], register()), Err(UserError::AlreadyExists));
}

#[test]
fn nothing_can_be_done_with_an_account_that_was_never_opened() {
    for action in [
        UserAction::Rename { name: Personal::new(text("Grace")) },
        UserAction::ChangeEmail { email: Personal::new(email("g@engines.example")) },
        UserAction::GrantRole { role: Role::Admin },
        UserAction::RevokeRole { role: Role::Admin },
        UserAction::GrantCustomRole { role: CUSTOM_ROLE },
        UserAction::RevokeCustomRole { role: CUSTOM_ROLE },
        UserAction::Disable,
        UserAction::Enable,
        UserAction::ChangePassword { password: PASSWORD },
        first_password(31),
        UserAction::SignOutEverywhere,
        UserAction::Invite,
        UserAction::EnableSecondFactor { factor: FACTOR, recovery_codes: 10 },
        UserAction::DisableSecondFactor,
        UserAction::UseRecoveryCode,
        issue(KEY, 31),
        UserAction::RevokeKey { key: KEY },
    ] {
        assert_eq!(decide([], action), Err(UserError::NotFound));
    }
}

#[test]
fn what_changes_is_told_with_what_it_was() {
    let rename = UserAction::Rename { name: Personal::new(text("Grace B. Hopper")) };
    assert_eq!(decide([registered()], rename.clone()), Ok(vec![renamed()]));
    assert_eq!(decide([registered(), renamed()], rename), Ok(vec![]));
    let change = UserAction::ChangeEmail { email: Personal::new(email("g.hopper@engines.example")) };
    assert_eq!(decide([registered()], change.clone()), Ok(vec![email_changed()]));
    assert_eq!(decide([registered(), email_changed()], change), Ok(vec![]));
}

#[test]
fn a_role_is_given_once_and_taken_once() {
    let (grant, revoke) =
        (UserAction::GrantRole { role: Role::SalesManager }, UserAction::RevokeRole { role: Role::SalesRep });
    assert_eq!(decide([registered()], grant.clone()), Ok(vec![role_granted()]));
    assert_eq!(decide([registered(), role_granted()], grant), Ok(vec![]));
    assert_eq!(decide([registered()], revoke.clone()), Ok(vec![role_revoked()]));
    assert_eq!(decide([registered(), role_revoked()], revoke), Ok(vec![]));
}

#[test]
fn a_role_of_the_tenant_is_given_once_and_taken_once() {
    let grant = UserAction::GrantCustomRole { role: CUSTOM_ROLE };
    let revoke = UserAction::RevokeCustomRole { role: CUSTOM_ROLE };
    assert_eq!(decide([registered()], grant.clone()), Ok(vec![custom_role_granted()]));
    assert_eq!(decide([registered()], revoke.clone()), Ok(vec![]));
    let has = [registered(), custom_role_granted()];
    assert_eq!(given::<User>(has.clone()).custom_roles(), &[CUSTOM_ROLE].into());
    assert_eq!(decide(has.clone(), grant), Ok(vec![]));
    assert_eq!(decide(has, revoke), Ok(vec![custom_role_revoked()]));
}

#[test]
fn a_user_is_shut_out_and_let_in_again() {
    assert_eq!(decide([registered()], UserAction::Disable), Ok(vec![disabled()]));
    assert_eq!(decide([registered(), disabled()], UserAction::Disable), Ok(vec![]));
    assert_eq!(decide([registered(), disabled()], UserAction::Enable), Ok(vec![enabled()]));
    assert_eq!(decide([registered()], UserAction::Enable), Ok(vec![]));
}

#[test]
fn a_password_is_changed_to_another_one() {
    let change = UserAction::ChangePassword { password: PASSWORD };
    assert_eq!(decide([registered()], change.clone()), Ok(vec![password_changed()]));
    assert_eq!(decide([registered(), password_changed()], change), Ok(vec![]));
    let another = UserAction::ChangePassword { password: id(82) };
    let changed = UserEvent::PasswordChanged { password: id(82), until: None };
    assert_eq!(decide([registered(), password_changed()], another), Ok(vec![changed]));
}

fn first_password(day: u32) -> UserAction {
    UserAction::GiveFirstPassword { password: PASSWORD, until: at(day, 12) }
}

#[test]
fn a_first_password_ends_within_a_week_and_with_the_next_one() {
    assert_eq!(decide([registered()], first_password(31)), Ok(vec![first_password_given()]));
    assert_eq!(decide([registered()], first_password(30)), Err(UserError::FirstPasswordLife));
    let too_late =
        UserAction::GiveFirstPassword { password: PASSWORD, until: at(30, 13) + Duration::days(7) };
    assert_eq!(decide([registered()], too_late), Err(UserError::FirstPasswordLife));
    let until = |events: &[UserEvent]| given::<User>(events.to_vec()).first_password_until();
    assert_eq!(until(&[registered(), first_password_given()]), Some(at(31, 12)));
    let chosen = UserEvent::PasswordChanged { password: id(82), until: None };
    assert_eq!(until(&[registered(), first_password_given(), chosen]), None);
    assert_eq!(decide([registered(), disabled()], first_password(31)), Err(UserError::Disabled));
}

#[test]
fn who_is_shut_out_gets_no_password_until_let_in_again() {
    let change = UserAction::ChangePassword { password: PASSWORD };
    assert_eq!(decide([registered(), disabled()], change.clone()), Err(UserError::Disabled));
    assert_eq!(
        decide([registered(), password_changed(), disabled()], change.clone()),
        Err(UserError::Disabled)
    );
    assert_eq!(decide([registered(), disabled(), enabled()], change), Ok(vec![password_changed()]));
}

#[test]
fn a_user_signs_out_everywhere_each_time_but_not_once_shut_out() {
    let sign_out = UserAction::SignOutEverywhere;
    assert_eq!(decide([registered()], sign_out.clone()), Ok(vec![signed_out_everywhere()]));
    let again = [registered(), signed_out_everywhere()];
    assert_eq!(decide(again, sign_out.clone()), Ok(vec![signed_out_everywhere()]));
    assert_eq!(decide([registered(), disabled()], sign_out), Ok(vec![]));
}

#[test]
fn a_user_is_invited_each_time_until_they_have_a_password_but_not_once_shut_out() {
    let awaits = |events: &[UserEvent]| given::<User>(events.iter().cloned()).awaits_invitation();
    assert_eq!(decide([registered()], UserAction::Invite), Ok(vec![invited()]));
    assert_eq!(decide([registered(), invited()], UserAction::Invite), Ok(vec![invited()]));
    let has = [registered(), invited(), password_changed()];
    assert_eq!(decide(has.clone(), UserAction::Invite), Err(UserError::HasPassword));
    assert_eq!(decide([registered(), disabled()], UserAction::Invite), Err(UserError::Disabled));
    assert!(!awaits(&[]) && !awaits(&[registered()]) && !awaits(&has));
    assert!(awaits(&[registered(), invited()]) && !awaits(&[registered(), invited(), disabled()]));
}

#[test]
fn an_epoch_begins_whenever_all_sessions_end() {
    let epoch = |events: &[UserEvent]| given::<User>(events.iter().cloned()).epoch();
    assert_eq!(epoch(&[]), 0);
    assert_eq!(epoch(&[registered()]), 0);
    for event in all().into_iter().filter(|event| !matches!(event, UserEvent::Registered { .. })) {
        let ends_sessions = [
            disabled(),
            password_changed(),
            first_password_given(),
            signed_out_everywhere(),
            provider_unlinked(),
        ]
        .contains(&event);
        assert_eq!(epoch(&[registered(), event]), u32::from(ends_sessions));
    }
    assert_eq!(epoch(&[registered(), password_changed(), disabled(), enabled(), signed_out_everywhere()]), 3);
}

#[test]
fn a_user_tells_roles_and_password_and_whether_active() {
    let known = |events: &[UserEvent]| {
        let user = given::<User>(events.iter().cloned());
        (user.is_active(), user.roles().clone(), user.password())
    };
    assert_eq!(known(&[]), (false, BTreeSet::new(), None));
    assert_eq!(known(&[registered()]), (true, [Role::SalesRep].into(), None));
    let history = [registered(), password_changed(), role_revoked(), disabled()];
    assert_eq!(known(&history), (false, BTreeSet::new(), Some(PASSWORD)));
}

/// The match names every event, so that a new one has to decide.
#[test]
fn the_events_of_rights_are_those_that_end_access_tokens() {
    let ends_tokens = |event: &UserEvent| match event {
        UserEvent::Disabled {}
        | UserEvent::RoleGranted { .. }
        | UserEvent::RoleRevoked { .. }
        | UserEvent::CustomRoleGranted { .. }
        | UserEvent::CustomRoleRevoked { .. }
        | UserEvent::PasswordChanged { .. }
        | UserEvent::SignedOutEverywhere {}
        | UserEvent::SecondFactorDisabled {}
        | UserEvent::KeyRevoked { .. }
        | UserEvent::ProviderUnlinked {}
        | UserEvent::Erased {} => true,
        UserEvent::Registered { .. }
        | UserEvent::Renamed { .. }
        | UserEvent::EmailChanged { .. }
        | UserEvent::Enabled {}
        | UserEvent::Invited {}
        | UserEvent::SecondFactorEnabled { .. }
        | UserEvent::RecoveryCodeUsed { .. }
        | UserEvent::KeyIssued { .. }
        | UserEvent::ProviderLinked { .. } => false,
    };
    let examples = all();
    let types: BTreeSet<String> = examples.iter().map(DomainEvent::event_type).collect();
    assert_eq!(types.len(), UserEvent::VARIANTS.len());
    let expected: BTreeSet<String> =
        examples.iter().filter(|event| ends_tokens(event)).map(DomainEvent::event_type).collect();
    let listed: BTreeSet<String> = RIGHTS_EVENTS.iter().map(ToString::to_string).collect();
    assert_eq!(listed, expected);
}

fn issue(key: ApiKeyId, day: u32) -> UserAction {
    let scopes = [text("lead.capture"), text("lead.read")].into();
    UserAction::IssueKey { key, name: text("Web form"), scopes, expires_at: at(day, 12) }
}

#[test]
fn a_second_factor_is_replaced_by_doing_without_it_first() {
    let enable = UserAction::EnableSecondFactor { factor: FACTOR, recovery_codes: 10 };
    let on = [registered(), second_factor_enabled()];
    assert_eq!(decide([registered()], enable.clone()), Ok(vec![second_factor_enabled()]));
    assert_eq!(decide(on.clone(), enable.clone()), Err(UserError::SecondFactorEnabled));
    assert_eq!(decide([registered(), disabled()], enable.clone()), Err(UserError::Disabled));
    assert_eq!(decide(on.clone(), UserAction::DisableSecondFactor), Ok(vec![second_factor_disabled()]));
    assert_eq!(decide([registered()], UserAction::DisableSecondFactor), Ok(vec![]));
    let off = on.into_iter().chain([second_factor_disabled()]);
    assert_eq!(decide(off, enable), Ok(vec![second_factor_enabled()]));
}

#[test]
fn recovery_codes_are_counted_down_to_none() {
    let used = |events: Vec<UserEvent>| decide(events, UserAction::UseRecoveryCode);
    assert_eq!(used(vec![registered(), second_factor_enabled()]), Ok(vec![recovery_code_used()]));
    assert_eq!(used(vec![registered()]), Err(UserError::NoRecoveryCode));
    let last = UserEvent::RecoveryCodeUsed { left: 0 };
    assert_eq!(used(vec![registered(), second_factor_enabled(), last]), Err(UserError::NoRecoveryCode));
    let off = vec![registered(), second_factor_enabled(), second_factor_disabled()];
    assert_eq!(used(off), Err(UserError::NoRecoveryCode));
    assert_eq!(used(vec![registered(), second_factor_enabled(), disabled()]), Err(UserError::Disabled));
}

#[test]
fn a_key_is_issued_once_for_a_year_at_most_and_revoked_once() {
    assert_eq!(decide([registered()], issue(KEY, 31)), Ok(vec![key_issued()]));
    assert_eq!(decide([registered(), key_issued()], issue(KEY, 31)), Err(UserError::KeyExists));
    assert_eq!(decide([registered(), disabled()], issue(KEY, 31)), Err(UserError::Disabled));
    // Commands are given on the 30th at noon.
    assert_eq!(decide([registered()], issue(KEY, 30)), Err(UserError::KeyLife));
    let expires_at = at(30, 12) + chrono::Duration::days(366);
    let year =
        |expires_at| UserAction::IssueKey { key: KEY, name: text("K"), scopes: BTreeSet::new(), expires_at };
    assert!(decide([registered()], year(expires_at)).is_ok());
    assert_eq!(
        decide([registered()], year(expires_at + chrono::Duration::seconds(1))),
        Err(UserError::KeyLife)
    );
    let revoke = UserAction::RevokeKey { key: KEY };
    assert_eq!(decide([registered(), key_issued()], revoke.clone()), Ok(vec![key_revoked()]));
    assert_eq!(decide([registered(), key_issued(), disabled()], revoke.clone()), Ok(vec![key_revoked()]));
    assert_eq!(decide([registered(), key_issued(), key_revoked()], revoke), Err(UserError::NoSuchKey));
}

#[test]
fn fifty_keys_are_enough_and_those_that_are_over_do_not_count() {
    let issued = |number: u32, expires_at| UserEvent::KeyIssued {
        key: id(u128::from(number)),
        name: text("K"),
        scopes: BTreeSet::new(),
        expires_at,
    };
    let with = |expires_at| {
        [registered()].into_iter().chain((100..150).map(move |number| issued(number, expires_at)))
    };
    assert_eq!(decide(with(at(31, 0)), issue(KEY, 31)), Err(UserError::TooManyKeys));
    assert!(decide(with(at(30, 12)), issue(KEY, 31)).is_ok());
}

#[test]
fn a_provider_knows_a_user_as_one_person_until_somebody_says_otherwise() {
    let link = |number| UserAction::LinkProvider { link: id(number), issuer: issuer() };
    let (first, other) = (84, 85);
    assert_eq!(decide([registered()], link(first)), Ok(vec![provider_linked()]));
    assert_eq!(decide([registered(), provider_linked()], link(first)), Ok(vec![]));
    assert_eq!(decide([registered(), provider_linked()], link(other)), Err(UserError::ProviderLinked));
    assert_eq!(decide([registered(), disabled()], link(first)), Err(UserError::Disabled));
    let elsewhere = IssuerUrl::parse("https://other.example").unwrap();
    let linked = decide(
        [registered(), provider_linked()],
        UserAction::LinkProvider { link: id(other), issuer: elsewhere },
    );
    assert_eq!(linked.unwrap().len(), 1);
    assert_eq!(
        decide([registered(), provider_linked()], UserAction::UnlinkProvider),
        Ok(vec![provider_unlinked()])
    );
    assert_eq!(decide([registered()], UserAction::UnlinkProvider), Ok(vec![]));
    assert!(decide([registered(), provider_linked(), provider_unlinked()], link(other)).is_ok());
}

#[test]
fn a_user_whom_no_provider_knows_any_more_has_no_sessions() {
    let epoch = |events: &[UserEvent]| given::<User>(events.iter().cloned()).epoch();
    assert_eq!(epoch(&[registered(), provider_linked()]), 0);
    assert_eq!(epoch(&[registered(), provider_linked(), provider_unlinked()]), 1);
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let user = given::<User>([registered()]);
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: UserAction::Disable };
    assert!(user.decide(command(10)).is_ok());
    assert_eq!(user.decide(command(11)), Err(UserError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(user.decide(early), Err(UserError::OccurredTooEarly));
}

#[test]
fn an_event_tells_which_address_it_takes_and_leaves() {
    let addresses = |event: UserEvent| {
        (event.email_taken().map(ToString::to_string), event.email_left().map(ToString::to_string))
    };
    let grace = Some("grace@engines.example".to_owned());
    assert_eq!(addresses(registered()), (grace.clone(), None));
    assert_eq!(addresses(email_changed()), (Some("g.hopper@engines.example".to_owned()), grace));
    assert_eq!(addresses(disabled()), (None, None));
}

#[test]
fn an_erased_account_is_closed_for_good() {
    assert_eq!(decide([registered(), disabled()], UserAction::Erase), Ok(vec![erased()]));
    let history = [registered(), password_changed(), erased()];
    let user = given::<User>(history.clone());
    assert_eq!((user.account(), user.is_active(), user.password()), (None, false, None));
    assert_eq!(decide(history.clone(), UserAction::Erase), Ok(vec![]));
    for action in [UserAction::Enable, UserAction::Disable, UserAction::SignOutEverywhere] {
        assert_eq!(decide(history.clone(), action.clone()), Err(UserError::Erased), "{action:?}");
    }
    assert_eq!(decide(history, register()), Err(UserError::AlreadyExists));
    assert_eq!(decide([], UserAction::Erase), Err(UserError::NotFound));
}
