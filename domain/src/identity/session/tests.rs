use super::fixtures::{device, ended, started, stepped_up};
use super::{EndReason, Method, Session, SessionAction, SessionError, SessionEvent};
use crate::fixtures::at;
use crate::identity::user::fixtures::USER;
use crate::testing::{given, on};
use crate::{Command, Personal};

fn decide(
    events: impl IntoIterator<Item = SessionEvent>,
    action: SessionAction,
) -> Result<Vec<SessionEvent>, SessionError> {
    given::<Session>(events).decide(on(10, action))
}

fn start() -> SessionAction {
    SessionAction::Start { user: USER, device: Personal::new(device()), method: Method::Provider }
}

const END: SessionAction = SessionAction::End { reason: EndReason::SignedOut };

#[test]
fn a_session_starts_once() {
    assert_eq!(decide([], start()), Ok(vec![started()]));
    assert_eq!(decide([started()], start()), Err(SessionError::AlreadyExists));
    assert_eq!(decide([started(), ended()], start()), Err(SessionError::AlreadyExists));
}

#[test]
fn a_session_ends_once_and_whoever_ends_it_again_hears_nothing() {
    assert_eq!(decide([started()], END), Ok(vec![ended()]));
    for reason in [EndReason::SignedOut, EndReason::Reused] {
        assert_eq!(
            decide([started()], SessionAction::End { reason }),
            Ok(vec![SessionEvent::Ended { reason }])
        );
        assert_eq!(decide([started(), ended()], SessionAction::End { reason }), Ok(vec![]));
    }
}

#[test]
fn a_session_that_never_started_cannot_end() {
    assert_eq!(decide([], END), Err(SessionError::NotFound));
}

#[test]
fn a_session_is_stepped_up_as_often_as_its_user_likes_until_it_ends() {
    assert_eq!(decide([started()], SessionAction::StepUp), Ok(vec![stepped_up()]));
    assert_eq!(decide([started(), stepped_up()], SessionAction::StepUp), Ok(vec![stepped_up()]));
    assert_eq!(decide([], SessionAction::StepUp), Err(SessionError::NotFound));
    assert_eq!(decide([started(), ended()], SessionAction::StepUp), Err(SessionError::NotFound));
}

#[test]
fn nothing_happens_in_the_future_or_before_any_business() {
    let session = given::<Session>([started()]);
    let command = |day| Command { occurred_at: at(day, 9), now: at(10, 12), action: END };
    assert!(session.decide(command(10)).is_ok());
    assert_eq!(session.decide(command(11)), Err(SessionError::OccurredInFuture));
    let early = Command { occurred_at: "1899-12-31T23:59:59Z".parse().unwrap(), ..command(10) };
    assert_eq!(session.decide(early), Err(SessionError::OccurredTooEarly));
}

#[test]
fn a_session_knows_its_user_for_ever_and_is_live_until_it_ends() {
    let known = |events: &[SessionEvent]| {
        let session = given::<Session>(events.iter().cloned());
        (session.user(), session.is_live())
    };
    assert_eq!(known(&[]), (None, false));
    assert_eq!(known(&[started()]), (Some(USER), true));
    assert_eq!(known(&[started(), ended()]), (Some(USER), false));
}

#[test]
fn how_a_session_began_is_known_until_it_ends_and_was_by_password_before_there_was_a_choice() {
    let method = |events: &[SessionEvent]| given::<Session>(events.iter().cloned()).method();
    assert_eq!(method(&[]), None);
    assert_eq!(method(&[started()]), Some(Method::Provider));
    assert_eq!(method(&[started(), ended()]), None);
    let mut json = serde_json::to_value(started()).unwrap();
    json["data"].as_object_mut().unwrap().remove("method").unwrap();
    assert_eq!(method(&[serde_json::from_value(json).unwrap()]), Some(Method::Password));
}

#[test]
fn a_reason_is_written_by_its_name() {
    for (reason, name) in [(EndReason::SignedOut, "signed_out"), (EndReason::Reused, "reused")] {
        assert_eq!(serde_json::to_value(reason).unwrap(), name);
        assert_eq!(<&'static str>::from(reason), name);
    }
}
