use super::fixtures::{
    defined, fields_hidden, granted, grants, hidden, hidden_at_first, more_grants, renamed, retired,
};
use super::{CustomRole, CustomRoleAction, CustomRoleError, CustomRoleEvent};
use crate::Command;
use crate::fixtures::{at, text};
use crate::identity::{Grants, HiddenFields, Level};
use crate::testing::{given, on};

fn decide(
    events: impl IntoIterator<Item = CustomRoleEvent>,
    action: CustomRoleAction,
) -> Result<Vec<CustomRoleEvent>, CustomRoleError> {
    given::<CustomRole>(events).decide(on(10, action))
}

fn define() -> CustomRoleAction {
    CustomRoleAction::Define { name: text("Field sales"), grants: grants(), hidden: hidden_at_first() }
}

fn rename() -> CustomRoleAction {
    CustomRoleAction::Rename { name: text("Field sales, North") }
}

fn grant(grants: Grants) -> CustomRoleAction {
    CustomRoleAction::Grant { grants }
}

#[test]
fn a_role_is_defined_once() {
    assert_eq!(decide([], define()), Ok(vec![defined()]));
    assert_eq!(decide([defined()], define()), Err(CustomRoleError::AlreadyExists));
    assert_eq!(decide([defined(), retired()], define()), Err(CustomRoleError::AlreadyExists));
}

#[test]
fn what_changes_is_told_with_what_it_was() {
    assert_eq!(decide([defined()], rename()), Ok(vec![renamed()]));
    assert_eq!(decide([defined(), renamed()], rename()), Ok(vec![]));
    assert_eq!(decide([defined()], grant(more_grants())), Ok(vec![granted()]));
    assert_eq!(decide([defined()], grant(grants())), Ok(vec![]));
}

#[test]
fn what_is_retired_stays_so() {
    assert_eq!(decide([defined()], CustomRoleAction::Retire), Ok(vec![retired()]));
    let gone = [defined(), retired()];
    assert_eq!(decide(gone.clone(), CustomRoleAction::Retire), Ok(vec![]));
    for action in [rename(), grant(more_grants())] {
        assert_eq!(decide(gone.clone(), action), Err(CustomRoleError::Retired));
    }
    assert_eq!(given::<CustomRole>(gone).definition(), None);
}

#[test]
fn nothing_can_be_done_with_a_role_that_was_never_defined() {
    for action in [rename(), grant(grants()), CustomRoleAction::Retire] {
        assert_eq!(decide([], action), Err(CustomRoleError::NotFound));
    }
}

#[test]
fn only_what_can_be_given_is_given_and_only_as_far_as_it_reaches() {
    for (name, level, error) in [
        ("user.assign_roles", Level::All, CustomRoleError::UnknownPermission),
        ("lead.vanish", Level::All, CustomRoleError::UnknownPermission),
        ("pipeline.read", Level::Team, CustomRoleError::NotOwned),
    ] {
        let bad: Grants = [(name.to_owned(), level)].into();
        let (called, hidden) = (text("Field sales"), HiddenFields::new());
        let define = CustomRoleAction::Define { name: called, grants: bad.clone(), hidden };
        assert_eq!(decide([], define), Err(error), "{name}");
        assert_eq!(decide([defined()], grant(bad)), Err(error), "{name}");
    }
    let (name, grants, hidden) = (text("Guest"), Grants::new(), HiddenFields::new());
    let nothing = CustomRoleAction::Define { name, grants, hidden };
    assert!(decide([], nothing).is_ok());
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let role = given::<CustomRole>([defined()]);
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: rename() };
    assert!(role.decide(command(10)).is_ok());
    assert_eq!(role.decide(command(11)), Err(CustomRoleError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(role.decide(early), Err(CustomRoleError::OccurredTooEarly));
}

#[test]
fn an_event_tells_which_name_it_takes_and_leaves() {
    let names = |event: CustomRoleEvent| (event.name_taken().cloned(), event.name_left().cloned());
    let (first, second) = (Some(text("Field sales")), Some(text("Field sales, North")));
    assert_eq!(names(defined()), (first.clone(), None));
    assert_eq!(names(renamed()), (second, first.clone()));
    assert_eq!(names(granted()), (None, None));
    assert_eq!(names(retired()), (None, first));
}

#[test]
fn a_role_hides_only_fields_that_there_are() {
    let hide = |hidden: HiddenFields| CustomRoleAction::Hide { hidden };
    assert_eq!(decide([defined()], hide(hidden())), Ok(vec![fields_hidden()]));
    assert_eq!(decide([defined(), fields_hidden()], hide(hidden())), Ok(vec![]));
    assert_eq!(decide([defined()], hide(hidden_at_first())), Ok(vec![]));
    assert_eq!(decide([], hide(hidden())), Err(CustomRoleError::NotFound));
    assert_eq!(decide([defined(), retired()], hide(hidden())), Err(CustomRoleError::Retired));
    for unknown in ["lead.name", "lead.owner", "lead.email ", "email", "opportunity.status", ""] {
        let hidden: HiddenFields = [unknown.to_owned()].into();
        assert_eq!(
            decide([defined()], hide(hidden.clone())),
            Err(CustomRoleError::UnknownField),
            "{unknown}"
        );
        let define = CustomRoleAction::Define { name: text("Field sales"), grants: grants(), hidden };
        assert_eq!(decide([], define), Err(CustomRoleError::UnknownField), "{unknown}");
    }
    let defined_so =
        CustomRoleAction::Define { name: text("Field sales"), grants: grants(), hidden: hidden() };
    let CustomRoleEvent::Defined { hidden: told, .. } = decide([], defined_so).unwrap().remove(0) else {
        panic!()
    };
    assert_eq!(told, hidden());
}

#[test]
fn a_role_of_before_there_were_hidden_fields_hides_none() {
    let old =
        serde_json::json!({"type": "defined", "data": {"name": "Guest", "grants": {"lead.read": "all"}}});
    let event: CustomRoleEvent = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), old);
    assert_eq!(given::<CustomRole>([event]).definition().unwrap().hidden, HiddenFields::new());
}
