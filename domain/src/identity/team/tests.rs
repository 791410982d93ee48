use super::aggregate::MAX_MEMBERS;
use super::fixtures::{
    ABOVE, MANAGER, dissolved, formed, manager_appointed, member_added, member_removed, placed, renamed,
};
use super::{Team, TeamAction, TeamError, TeamEvent};
use crate::Command;
use crate::fixtures::{at, id, text};
use crate::identity::user::fixtures::USER;
use crate::testing::{given, on};

fn decide(
    events: impl IntoIterator<Item = TeamEvent>,
    action: TeamAction,
) -> Result<Vec<TeamEvent>, TeamError> {
    given::<Team>(events).decide(on(10, action))
}

fn form() -> TeamAction {
    TeamAction::Form { name: text("North"), manager: Some(MANAGER), parent: None }
}

fn rename() -> TeamAction {
    TeamAction::Rename { name: text("North and East") }
}

const APPOINT: TeamAction = TeamAction::Appoint { manager: Some(USER) };
const PLACE: TeamAction = TeamAction::Place { parent: Some(ABOVE) };
const ADD: TeamAction = TeamAction::AddMember { user: USER };
const REMOVE: TeamAction = TeamAction::RemoveMember { user: USER };

#[test]
fn a_team_is_formed_once() {
    assert_eq!(decide([], form()), Ok(vec![formed()]));
    assert_eq!(decide([formed()], form()), Err(TeamError::AlreadyExists));
    assert_eq!(decide([formed(), dissolved()], form()), Err(TeamError::AlreadyExists));
}

#[test]
fn what_changes_is_told_with_what_it_was_and_what_does_not_is_not_told() {
    for (action, event) in [(rename(), renamed()), (APPOINT, manager_appointed()), (PLACE, placed())] {
        assert_eq!(decide([formed()], action.clone()), Ok(vec![event.clone()]));
        assert_eq!(decide([formed(), event], action), Ok(vec![]));
    }
}

#[test]
fn a_user_joins_once_and_leaves_once() {
    assert_eq!(decide([formed()], ADD), Ok(vec![member_added()]));
    assert_eq!(decide([formed(), member_added()], ADD), Ok(vec![]));
    assert_eq!(decide([formed(), member_added()], REMOVE), Ok(vec![member_removed()]));
    assert_eq!(decide([formed()], REMOVE), Ok(vec![]));
}

#[test]
fn a_team_can_be_full() {
    let members = (0..MAX_MEMBERS as u128).map(|number| TeamEvent::MemberAdded { user: id(1_000 + number) });
    let team: Vec<_> = std::iter::once(formed()).chain(members).collect();
    assert_eq!(decide(team.clone(), ADD), Err(TeamError::Full));
    assert_eq!(decide(team, TeamAction::AddMember { user: id(1_000) }), Ok(vec![]));
}

#[test]
fn what_is_dissolved_stays_so() {
    assert_eq!(decide([formed()], TeamAction::Dissolve), Ok(vec![dissolved()]));
    assert_eq!(decide([formed(), dissolved()], TeamAction::Dissolve), Ok(vec![]));
    for action in [rename(), APPOINT, PLACE, ADD, REMOVE] {
        assert_eq!(decide([formed(), dissolved()], action), Err(TeamError::Dissolved));
    }
}

#[test]
fn nothing_can_be_done_with_a_team_that_was_never_formed() {
    for action in [rename(), APPOINT, PLACE, ADD, REMOVE, TeamAction::Dissolve] {
        assert_eq!(decide([], action), Err(TeamError::NotFound));
    }
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let team = given::<Team>([formed()]);
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: ADD };
    assert!(team.decide(command(10)).is_ok());
    assert_eq!(team.decide(command(11)), Err(TeamError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(team.decide(early), Err(TeamError::OccurredTooEarly));
}
