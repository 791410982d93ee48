use super::fixtures::{disabled, email_changed, enabled, registered, renamed, role_granted, role_revoked};
use super::{User, UserAction, UserError, UserEvent};
use crate::fixtures::{at, email, text};
use crate::identity::Role;
use crate::testing::{given, on};
use crate::{Command, Personal};

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
        UserAction::Disable,
        UserAction::Enable,
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
fn a_user_is_shut_out_and_let_in_again() {
    assert_eq!(decide([registered()], UserAction::Disable), Ok(vec![disabled()]));
    assert_eq!(decide([registered(), disabled()], UserAction::Disable), Ok(vec![]));
    assert_eq!(decide([registered(), disabled()], UserAction::Enable), Ok(vec![enabled()]));
    assert_eq!(decide([registered()], UserAction::Enable), Ok(vec![]));
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
