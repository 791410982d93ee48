use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::fixtures::{
    OPPORTUNITY, activity_logged, assigned, captured, converted, corrected, disqualified, erased, new_lead,
    qualified, withdrawn,
};
use super::{Lead, LeadAction, LeadCorrection, LeadError, LeadEvent, LeadStatus, Score};
use crate::fixtures::{at, custom_number, email, id, key, percent, phone, prose, text};
use crate::sales::ActivityKind;
use crate::testing::{given, on};
use crate::{Command, CustomFields, Rule, RuleKind};

fn decide(
    events: impl IntoIterator<Item = LeadEvent>,
    action: LeadAction,
) -> Result<Vec<LeadEvent>, LeadError> {
    given::<Lead>(events).decide(on(10, action))
}

fn capture() -> LeadAction {
    LeadAction::Capture(Box::new(new_lead()))
}

fn assign(owner: Option<&str>) -> LeadAction {
    LeadAction::Assign { owner: owner.map(text) }
}

fn qualify(score: u8) -> LeadAction {
    LeadAction::Qualify { score: percent(score) }
}

fn is_qualified(score: u8, previous: Option<Score>) -> LeadEvent {
    LeadEvent::Qualified { score: percent(score), previous, at: at(10, 9) }
}

fn disqualify(reason: &str) -> LeadAction {
    LeadAction::Disqualify { reason: text(reason) }
}

fn log_activity() -> LeadAction {
    let summary = prose("Called Ada.\nShe wants a demo in April.");
    LeadAction::LogActivity { kind: ActivityKind::Call, summary: summary.into() }
}

fn convert() -> LeadAction {
    LeadAction::Convert { opportunity: OPPORTUNITY }
}

fn correct(correction: LeadCorrection) -> LeadAction {
    LeadAction::Correct(Box::new(correction))
}

fn rename() -> LeadAction {
    correct(LeadCorrection { name: Some(text("Ada").into()), ..LeadCorrection::default() })
}

fn withdraw() -> LeadAction {
    LeadAction::Withdraw { reason: text("Import undone") }
}

/// Each action but capturing.
fn others() -> Vec<LeadAction> {
    vec![
        assign(None),
        qualify(5),
        disqualify("Spam"),
        LeadAction::Reopen,
        log_activity(),
        convert(),
        rename(),
        withdraw(),
    ]
}

#[test]
fn a_lead_is_captured_with_everything_that_is_known() {
    assert_eq!(Lead::default().decide(on(1, capture())), Ok(vec![captured()]));
}

#[test]
fn a_lead_is_captured_only_once() {
    assert_eq!(decide([captured()], capture()), Err(LeadError::AlreadyExists));
    assert_eq!(decide([captured(), withdrawn()], capture()), Err(LeadError::AlreadyExists));
}

#[test]
fn nothing_can_be_done_with_a_lead_that_was_never_captured() {
    for action in others() {
        assert_eq!(decide([], action.clone()), Err(LeadError::NotFound), "{action:?}");
    }
    assert_eq!(LeadError::NotFound.kind(), RuleKind::NotFound);
}

#[test]
fn a_lead_is_assigned_unless_it_has_that_owner() {
    assert_eq!(decide([captured()], assign(Some("kim"))), Ok(vec![assigned()]));
    assert_eq!(decide([captured()], assign(Some("sam"))), Ok(vec![]));
    let nobody = LeadEvent::Assigned { from: Some(text("kim")), to: None };
    assert_eq!(decide([captured(), assigned()], assign(None)), Ok(vec![nobody]));
}

#[test]
fn an_open_lead_is_qualified_and_a_qualified_one_scored_anew() {
    assert_eq!(decide([captured()], qualify(40)), Ok(vec![is_qualified(40, None)]));
    let previous = Some(percent(70));
    assert_eq!(decide([captured(), qualified()], qualify(40)), Ok(vec![is_qualified(40, previous)]));
    assert_eq!(decide([captured(), qualified()], qualify(70)), Ok(vec![]));
}

#[test]
fn a_disqualified_lead_is_reopened_before_anything_else_becomes_of_it() {
    let given_up = [captured(), disqualified()];
    for action in [qualify(5), convert(), assign(Some("kim")), disqualify("Spam")] {
        assert_eq!(decide(given_up.clone(), action.clone()), Err(LeadError::Disqualified), "{action:?}");
    }
    let reopened = decide(given_up.clone(), LeadAction::Reopen).unwrap();
    assert_eq!(reopened, [LeadEvent::Reopened { from: LeadStatus::Disqualified, at: at(10, 9) }]);
    let again = given_up.into_iter().chain(reopened);
    assert_eq!(decide(again, qualify(5)), Ok(vec![is_qualified(5, None)]));
}

#[test]
fn a_disqualified_lead_can_be_corrected_and_talked_to() {
    assert_eq!(decide([captured(), disqualified()], rename()).map(|events| events.len()), Ok(1));
    assert_eq!(decide([captured(), disqualified()], log_activity()), Ok(vec![activity_logged()]));
}

#[test]
fn a_lead_is_disqualified_from_wherever_it_stands() {
    let disqualified_from =
        |from| LeadEvent::Disqualified { reason: text("No budget this year"), from, at: at(10, 9) };
    let action = disqualify("No budget this year");
    assert_eq!(decide([captured()], action.clone()), Ok(vec![disqualified_from(LeadStatus::Open)]));
    assert_eq!(
        decide([captured(), qualified()], action.clone()),
        Ok(vec![disqualified_from(LeadStatus::Qualified)])
    );
    assert_eq!(decide([captured(), disqualified()], action), Ok(vec![]));
}

#[test]
fn only_a_disqualified_lead_is_reopened() {
    assert_eq!(decide([captured()], LeadAction::Reopen), Err(LeadError::NotDisqualified));
    assert_eq!(decide([captured(), qualified()], LeadAction::Reopen), Err(LeadError::NotDisqualified));
}

#[test]
fn an_activity_is_logged_as_often_as_it_is_told() {
    assert_eq!(decide([captured(), activity_logged()], log_activity()), Ok(vec![activity_logged()]));
}

#[test]
fn an_open_or_qualified_lead_is_converted() {
    let converted_from = |from| LeadEvent::Converted { opportunity: OPPORTUNITY, from, at: at(10, 9) };
    assert_eq!(decide([captured()], convert()), Ok(vec![converted_from(LeadStatus::Open)]));
    assert_eq!(decide([captured(), qualified()], convert()), Ok(vec![converted_from(LeadStatus::Qualified)]));
}

#[test]
fn a_lead_that_is_converted_again_stays_with_its_first_opportunity() {
    let again = LeadAction::Convert { opportunity: id(32) };
    assert_eq!(decide([captured(), converted()], again), Ok(vec![]));
    assert_eq!(given::<Lead>([captured(), converted()]).converted_to(), Some(OPPORTUNITY));
    assert_eq!(given::<Lead>([captured()]).converted_to(), None);
}

#[test]
fn a_converted_lead_refuses_everything_but_activities() {
    let history = [captured(), converted()];
    for action in [assign(None), qualify(5), disqualify("Spam"), LeadAction::Reopen, rename(), withdraw()] {
        assert_eq!(decide(history.clone(), action.clone()), Err(LeadError::Converted), "{action:?}");
    }
    assert_eq!(decide(history, log_activity()), Ok(vec![activity_logged()]));
}

#[test]
fn a_correction_tells_what_each_field_was_and_is() {
    let correction = LeadCorrection {
        name: Some(text("Ada B. Example").into()),
        company: Some(Some(text("Example Engines"))),
        email: Some(None),
        phone: Some(Some(phone("020 7946 0001").into())),
        source: Some(Some(text("Referral"))),
        custom: BTreeMap::from([
            (key("employees"), Some(custom_number(260.5))),
            (key("region"), None),
            (key("absent"), None),
        ]),
    };
    let mut without_phone = new_lead();
    without_phone.phone = None;
    let capture = LeadAction::Capture(Box::new(without_phone));
    let lead = given::<Lead>(decide([], capture).unwrap());
    assert_eq!(lead.decide(on(10, correct(correction))), Ok(vec![corrected()]));
}

#[test]
fn a_correction_that_changes_nothing_is_no_event() {
    assert_eq!(decide([captured()], correct(LeadCorrection::default())), Ok(vec![]));
    let same = LeadCorrection {
        name: Some(text("Ada Example").into()),
        email: Some(Some(email("ada@engines.example").into())),
        custom: BTreeMap::from([(key("employees"), Some(custom_number(250.0)))]),
        ..LeadCorrection::default()
    };
    assert_eq!(decide([captured()], correct(same)), Ok(vec![]));
}

#[test]
fn each_field_alone_can_be_corrected_and_stays_so() {
    let none = LeadCorrection::default;
    for correction in [
        LeadCorrection { name: Some(text("Ada").into()), ..none() },
        LeadCorrection { company: Some(None), ..none() },
        LeadCorrection { email: Some(None), ..none() },
        LeadCorrection { phone: Some(None), ..none() },
        LeadCorrection { source: Some(None), ..none() },
        LeadCorrection { custom: BTreeMap::from([(key("region"), None)]), ..none() },
    ] {
        let events = decide([captured()], correct(correction.clone())).unwrap();
        assert_eq!(events.len(), 1, "{correction:?}");
        let history = [captured()].into_iter().chain(events);
        assert_eq!(decide(history, correct(correction.clone())), Ok(vec![]), "{correction:?}");
    }
}

#[test]
fn a_correction_is_remembered() {
    let Lead::Captured(lead) = given([captured(), corrected()]) else { panic!("captured") };
    assert_eq!(lead.name.reveal().map(|name| name.as_str()), Some("Ada B. Example"));
    assert_eq!((lead.email, lead.custom.len()), (None, 2));
}

#[test]
fn a_correction_cannot_add_custom_fields_without_end() {
    let custom =
        (0..CustomFields::MAX).map(|n| (key(&format!("field_{n}")), Some(custom_number(1.0)))).collect();
    let correction = LeadCorrection { custom, ..LeadCorrection::default() };
    let error = decide([captured()], correct(correction)).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("lead.too_many_custom_fields", RuleKind::Invalid));
}

#[test]
fn a_withdrawn_lead_stays_withdrawn() {
    let withdrawn_now =
        LeadEvent::Withdrawn { reason: text("Import undone"), from: LeadStatus::Open, at: at(10, 9) };
    assert_eq!(decide([captured()], withdraw()), Ok(vec![withdrawn_now]));
    for action in others() {
        let expected = if action == withdraw() { Ok(vec![]) } else { Err(LeadError::Withdrawn) };
        assert_eq!(decide([captured(), withdrawn()], action.clone()), expected, "{action:?}");
    }
}

#[test]
fn a_lead_can_be_erased_wherever_it_stands() {
    let erased_now = |from| LeadEvent::Erased { from, at: at(10, 9) };
    assert_eq!(decide([captured()], LeadAction::Erase), Ok(vec![erased_now(LeadStatus::Open)]));
    let converted = [captured(), qualified(), converted()];
    assert_eq!(decide(converted.clone(), LeadAction::Erase), Ok(vec![erased_now(LeadStatus::Converted)]));
    let withdrawn = [captured(), withdrawn()];
    assert_eq!(decide(withdrawn, LeadAction::Erase), Ok(vec![erased_now(LeadStatus::Withdrawn)]));
    let lead = given::<Lead>(converted.into_iter().chain([erased()]));
    assert_eq!(lead.converted_to(), Some(OPPORTUNITY));
}

#[test]
fn of_an_erased_lead_nothing_more_is_to_be_known() {
    assert_eq!(decide([captured(), erased()], LeadAction::Erase), Ok(vec![]));
    for action in others() {
        assert_eq!(decide([captured(), erased()], action.clone()), Err(LeadError::Erased), "{action:?}");
    }
    assert_eq!(decide([captured(), erased()], capture()), Err(LeadError::AlreadyExists));
    assert_eq!(decide([], LeadAction::Erase), Err(LeadError::NotFound));
}

#[test]
fn a_status_is_not_changed_before_the_time_of_its_last_change() {
    let lead = given::<Lead>([captured(), qualified()]);
    for action in [qualify(5), disqualify("Spam"), convert(), withdraw()] {
        assert_eq!(lead.decide(on(1, action.clone())), Err(LeadError::BeforeLastChange), "{action:?}");
        assert!(lead.decide(on(2, action)).is_ok(), "the same time is late enough");
    }
    assert!(lead.decide(on(1, assign(None))).is_ok(), "an owner is no status");
    assert!(lead.decide(on(1, log_activity())).is_ok(), "what was done earlier can be noted later");
}

#[test]
fn a_clock_that_lags_a_little_does_not_refuse_what_happens_now() {
    let lead = given::<Lead>([captured(), qualified()]);
    let events = lead.decide(Command::now(convert(), at(2, 8))).unwrap();
    assert_eq!(
        events,
        [LeadEvent::Converted { opportunity: OPPORTUNITY, from: LeadStatus::Qualified, at: at(2, 9) }]
    );
}

#[test]
fn the_future_and_the_distant_past_are_refused() {
    let lead = given::<Lead>([captured()]);
    assert_eq!(lead.decide(on(31, qualify(5))), Err(LeadError::OccurredInFuture));
    let mut early = on(10, log_activity());
    early.occurred_at = "1899-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(lead.decide(early), Err(LeadError::OccurredTooEarly));
}

#[test]
fn handle_applies_and_hands_over_what_is_decided() {
    let (mut lead, sink) = (Lead::default(), EventSink::default());
    {
        let handled = pin!(lead.handle(on(1, capture()), &(), &sink));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(handled.poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(lead, given([captured()]));
    let Poll::Ready(events) = pin!(sink.collect()).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing to wait for")
    };
    assert_eq!(events, [captured()]);
}

#[test]
fn debug_output_shows_no_personal_data() {
    let shown = format!("{:?} {:?}", captured(), given::<Lead>([captured()]));
    for personal in ["Ada", "engines.example", "7946"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}
