use std::collections::BTreeMap;

use super::fixtures::{
    activity_logged, assigned, erased, lost, moved, new_opportunity, opened, reopened, revised, withdrawn,
    won,
};
use super::{
    Direction, NewOpportunity, Opportunity, OpportunityAction, OpportunityError, OpportunityEvent,
    OpportunityRevision, OpportunityStatus, Outcome,
};
use crate::fixtures::{at, custom_number, euros, key, march, percent, prose, text};
use crate::sales::ActivityKind;
use crate::sales::pipeline::fixtures::{PIPELINE, PROPOSAL, PROSPECT};
use crate::testing::{given, on};
use crate::{Change, Command, Currency, CustomFields, Money, Rule, RuleKind};

type Decided = Result<Vec<OpportunityEvent>, OpportunityError>;

fn decide(events: impl IntoIterator<Item = OpportunityEvent>, action: OpportunityAction) -> Decided {
    given::<Opportunity>(events).decide(on(12, action))
}

/// A deal that was opened, moved, revised and assigned, as the examples go on from.
fn worked_on() -> Vec<OpportunityEvent> {
    vec![opened(), moved(), revised(), assigned()]
}

fn then(event: OpportunityEvent) -> Vec<OpportunityEvent> {
    worked_on().into_iter().chain([event]).collect()
}

fn open(new: NewOpportunity) -> OpportunityAction {
    OpportunityAction::Open(Box::new(new))
}

fn move_to_proposal() -> OpportunityAction {
    OpportunityAction::Move { to: PROPOSAL, probability: percent(50), direction: Direction::Forward }
}

fn revise(revision: OpportunityRevision) -> OpportunityAction {
    OpportunityAction::Revise(Box::new(revision))
}

fn rename() -> OpportunityAction {
    revise(OpportunityRevision { name: Some(text("Engine")), ..OpportunityRevision::default() })
}

fn assign(owner: Option<&str>) -> OpportunityAction {
    OpportunityAction::Assign { owner: owner.map(text) }
}

fn win(amount: Option<&str>) -> OpportunityAction {
    OpportunityAction::Win { amount: amount.map(euros) }
}

fn lose() -> OpportunityAction {
    OpportunityAction::Lose { reason: text("Went with a cheaper offer") }
}

fn reopen() -> OpportunityAction {
    OpportunityAction::Reopen { stage: PROPOSAL, probability: percent(50) }
}

fn log_activity() -> OpportunityAction {
    let summary = prose("Sent the offer.\n\tAnswer by Friday.");
    OpportunityAction::LogActivity { kind: ActivityKind::Email, summary: summary.into() }
}

fn withdraw() -> OpportunityAction {
    OpportunityAction::Withdraw { reason: text("Import undone") }
}

/// Each action but opening.
fn others() -> Vec<OpportunityAction> {
    vec![
        move_to_proposal(),
        rename(),
        assign(None),
        win(Some("1")),
        lose(),
        reopen(),
        log_activity(),
        withdraw(),
    ]
}

#[test]
fn a_deal_is_opened_with_everything_that_is_known() {
    assert_eq!(Opportunity::default().decide(on(5, open(new_opportunity()))), Ok(vec![opened()]));
}

#[test]
fn a_deal_is_opened_only_once() {
    for history in [vec![opened()], then(won()), then(withdrawn())] {
        assert_eq!(decide(history, open(new_opportunity())), Err(OpportunityError::AlreadyExists));
    }
}

#[test]
fn nothing_can_be_done_with_a_deal_that_was_never_opened() {
    for action in others() {
        assert_eq!(decide([], action.clone()), Err(OpportunityError::NotFound), "{action:?}");
    }
    assert_eq!(OpportunityError::NotFound.kind(), RuleKind::NotFound);
}

#[test]
fn a_deal_is_moved_and_the_event_tells_the_stay_that_ended() {
    let deal = given::<Opportunity>([opened()]);
    assert_eq!(deal.decide(on(8, move_to_proposal())), Ok(vec![moved()]));
    assert_eq!(given::<Opportunity>([opened(), moved()]).stage(), Some(PROPOSAL));
}

#[test]
fn a_move_to_the_stage_it_is_in_changes_nothing() {
    let same =
        OpportunityAction::Move { to: PROSPECT, probability: percent(99), direction: Direction::Forward };
    assert_eq!(decide([opened()], same), Ok(vec![]));
}

#[test]
fn stays_are_counted_through_moves_and_reopenings() {
    let back = OpportunityAction::Move { to: PROSPECT, probability: percent(10), direction: Direction::Back };
    let history = then(lost()).into_iter().chain([reopened()]);
    let events = given::<Opportunity>(history).decide(on(16, back)).unwrap();
    assert_eq!(
        events,
        [OpportunityEvent::Moved {
            pipeline: PIPELINE,
            from: PROPOSAL,
            to: PROSPECT,
            direction: Direction::Back,
            probability: Change { from: percent(50), to: percent(10) },
            amount: Some(euros("14000.50")),
            since: at(15, 9),
            at: at(16, 9),
            stay: 3,
        }]
    );
}

#[test]
fn a_revision_tells_what_each_field_was_and_is() {
    let revision = OpportunityRevision {
        name: Some(text("Analytical engine")),
        amount: Some(Some(euros("14000.50"))),
        probability: Some(percent(60)),
        expected_close: Some(None),
        product: Some(Some(text("Analytical engine"))),
        account: Some(Some(text("Example Engines"))),
        source: Some(None),
        custom: BTreeMap::from([
            (key("region"), None),
            (key("seats"), Some(custom_number(15.0))),
            (key("absent"), None),
        ]),
    };
    assert_eq!(decide([opened(), moved()], revise(revision)), Ok(vec![revised()]));
}

#[test]
fn a_revision_that_changes_nothing_is_no_event() {
    assert_eq!(decide([opened()], revise(OpportunityRevision::default())), Ok(vec![]));
    let same = OpportunityRevision {
        name: Some(text("Engine no. 2")),
        amount: Some(Some(euros("12500"))),
        expected_close: Some(Some(march(31))),
        custom: BTreeMap::from([(key("seats"), Some(custom_number(12.0)))]),
        ..OpportunityRevision::default()
    };
    assert_eq!(decide([opened()], revise(same)), Ok(vec![]));
}

#[test]
fn each_field_alone_can_be_revised_and_stays_so() {
    let none = OpportunityRevision::default;
    for revision in [
        OpportunityRevision { name: Some(text("Engine")), ..none() },
        OpportunityRevision { amount: Some(None), ..none() },
        OpportunityRevision { probability: Some(percent(99)), ..none() },
        OpportunityRevision { expected_close: Some(None), ..none() },
        OpportunityRevision { product: Some(None), ..none() },
        OpportunityRevision { account: Some(None), ..none() },
        OpportunityRevision { source: Some(None), ..none() },
        OpportunityRevision { custom: BTreeMap::from([(key("region"), None)]), ..none() },
    ] {
        let events = decide([opened()], revise(revision.clone())).unwrap();
        assert_eq!(events.len(), 1, "{revision:?}");
        let history = [opened()].into_iter().chain(events);
        assert_eq!(decide(history, revise(revision.clone())), Ok(vec![]), "{revision:?}");
    }
}

#[test]
fn an_open_deal_may_change_its_currency() {
    let dollars = Money::parse("15000", Currency::parse("USD").unwrap()).unwrap();
    let revision = OpportunityRevision { amount: Some(Some(dollars)), ..OpportunityRevision::default() };
    let history = [opened()].into_iter().chain(decide([opened()], revise(revision)).unwrap());
    assert_eq!(given::<Opportunity>(history).deal().and_then(|deal| deal.amount), Some(dollars));
}

#[test]
fn an_expected_close_has_a_year_of_four_digits() {
    let date = Some("+12026-01-01".parse().unwrap());
    let refused = Err(OpportunityError::ExpectedCloseOutOfRange);
    assert_eq!(decide([], open(NewOpportunity { expected_close: date, ..new_opportunity() })), refused);
    let revision = OpportunityRevision { expected_close: Some(date), ..OpportunityRevision::default() };
    assert_eq!(decide([opened()], revise(revision)), refused);
}

#[test]
fn a_revision_cannot_add_custom_fields_without_end() {
    let custom =
        (0..CustomFields::MAX).map(|n| (key(&format!("field_{n}")), Some(custom_number(1.0)))).collect();
    let revision = OpportunityRevision { custom, ..OpportunityRevision::default() };
    let error = decide([opened()], revise(revision)).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("opportunity.too_many_custom_fields", RuleKind::Invalid));
}

#[test]
fn a_deal_is_assigned_unless_it_has_that_owner() {
    assert_eq!(decide([opened()], assign(Some("kim"))), Ok(vec![assigned()]));
    assert_eq!(decide([opened()], assign(Some("sam"))), Ok(vec![]));
}

#[test]
fn a_deal_is_won_for_the_amount_given_or_the_one_it_has() {
    assert_eq!(decide(worked_on(), win(Some("13900.00"))), Ok(vec![won()]));
    let OpportunityEvent::Won { amount, .. } = &decide(worked_on(), win(None)).unwrap()[0] else {
        panic!("won")
    };
    assert_eq!(*amount, euros("14000.50"));
}

#[test]
fn a_deal_is_not_won_without_any_amount() {
    let new = NewOpportunity { amount: None, ..new_opportunity() };
    let history = decide([], open(new)).unwrap();
    let error = decide(history.clone(), win(None)).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("opportunity.won_without_amount", RuleKind::Refused));
    assert!(decide(history, win(Some("0"))).is_ok());
}

#[test]
fn a_deal_is_lost_for_a_reason() {
    assert_eq!(decide(worked_on(), lose()), Ok(vec![lost()]));
}

#[test]
fn closing_settles_status_probability_and_amount() {
    let deal = given::<Opportunity>(then(won()));
    assert_eq!((deal.status(), deal.stage()), (Some(OpportunityStatus::Won), None));
    let known = deal.deal().unwrap();
    assert_eq!((known.probability.get(), known.amount), (100, Some(euros("13900"))));
    let deal = given::<Opportunity>(then(lost()));
    assert_eq!(deal.status(), Some(OpportunityStatus::Lost));
    assert_eq!(deal.deal().unwrap().probability.get(), 0);
}

#[test]
fn a_lost_opportunity_cannot_be_won_without_reopening() {
    assert_eq!(decide(then(lost()), win(None)), Err(OpportunityError::Closed));
    let deal = given::<Opportunity>(then(lost()).into_iter().chain([reopened()]));
    assert!(deal.decide(on(16, win(None))).is_ok());
}

#[test]
fn a_closed_deal_refuses_everything_but_activities_reopening_and_withdrawal() {
    for closed in [won(), lost()] {
        for action in [move_to_proposal(), rename(), assign(None), win(None), lose()] {
            let decided = decide(then(closed.clone()), action.clone());
            assert_eq!(decided, Err(OpportunityError::Closed), "{action:?}");
        }
        assert_eq!(decide(then(closed), log_activity()), Ok(vec![activity_logged()]));
    }
}

#[test]
fn a_closed_deal_is_reopened_into_a_new_stay() {
    let deal = given::<Opportunity>(then(lost()));
    assert_eq!(deal.decide(on(15, reopen())), Ok(vec![reopened()]));
}

#[test]
fn an_open_deal_is_not_reopened() {
    assert_eq!(decide([opened()], reopen()), Err(OpportunityError::NotClosed));
}

#[test]
fn an_open_deal_is_withdrawn_out_of_its_stage() {
    let deal = given::<Opportunity>(then(lost()).into_iter().chain([reopened()]));
    assert_eq!(deal.decide(on(16, withdraw())), Ok(vec![withdrawn()]));
}

#[test]
fn a_closed_deal_is_withdrawn_with_what_had_come_of_it() {
    let events = given::<Opportunity>(then(won())).decide(on(14, withdraw())).unwrap();
    let OpportunityEvent::Withdrawn { outcome, stage, amount, closed_on, stay, .. } = &events[0] else {
        panic!("withdrawn")
    };
    assert_eq!((*outcome, *stage, *stay), (Some(Outcome::Won), None, 2));
    assert_eq!((*amount, *closed_on), (Some(euros("13900")), Some(march(12))));
}

#[test]
fn where_people_were_erased_the_deal_goes_on_and_nothing_more_is_said_of_them() {
    assert_eq!(decide(then(activity_logged()), OpportunityAction::Erase), Ok(vec![erased()]));
    assert_eq!(decide(then(won()), OpportunityAction::Erase), Ok(vec![erased()]));
    assert_eq!(decide(then(withdrawn()), OpportunityAction::Erase), Ok(vec![erased()]));
    assert_eq!(decide(then(erased()), OpportunityAction::Erase), Ok(vec![]));
    let log = OpportunityAction::LogActivity { kind: ActivityKind::Note, summary: prose("Noted").into() };
    assert_eq!(decide(then(erased()), log), Err(OpportunityError::Erased));
    assert!(decide(then(erased()), win(None)).is_ok());
    assert_eq!(decide([], OpportunityAction::Erase), Err(OpportunityError::NotFound));
}

#[test]
fn a_withdrawn_deal_stays_withdrawn() {
    for action in others() {
        let expected = if action == withdraw() { Ok(vec![]) } else { Err(OpportunityError::Withdrawn) };
        assert_eq!(decide(then(withdrawn()), action.clone()), expected, "{action:?}");
    }
}

#[test]
fn a_stage_is_not_left_before_it_was_entered() {
    let deal = given::<Opportunity>(worked_on());
    let back = OpportunityAction::Move { to: PROSPECT, probability: percent(10), direction: Direction::Back };
    for action in [back, win(None), lose(), withdraw()] {
        let too_early = deal.decide(on(7, action.clone()));
        assert_eq!(too_early, Err(OpportunityError::BeforeLastChange), "{action:?}");
        assert!(deal.decide(on(8, action)).is_ok(), "the same time is late enough");
    }
    for action in [rename(), assign(None), log_activity()] {
        assert!(deal.decide(on(7, action.clone())).is_ok(), "{action:?}");
    }
}

#[test]
fn a_deal_is_not_reopened_before_it_was_closed() {
    let deal = given::<Opportunity>(then(won()));
    assert_eq!(deal.decide(on(11, reopen())), Err(OpportunityError::BeforeLastChange));
    assert_eq!(deal.decide(on(11, withdraw())), Err(OpportunityError::BeforeLastChange));
}

#[test]
fn a_clock_that_lags_a_little_does_not_refuse_what_happens_now() {
    let deal = given::<Opportunity>(worked_on());
    let events = deal.decide(Command::now(lose(), at(8, 8))).unwrap();
    let OpportunityEvent::Lost { since, at: when, .. } = &events[0] else { panic!("lost") };
    assert_eq!(since, when);
}

#[test]
fn the_future_and_the_distant_past_are_refused() {
    let deal = given::<Opportunity>([opened()]);
    assert_eq!(deal.decide(on(31, rename())), Err(OpportunityError::OccurredInFuture));
    let mut early = on(12, rename());
    early.occurred_at = "1899-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(deal.decide(early), Err(OpportunityError::OccurredTooEarly));
}

#[test]
fn days_are_days_of_utc() {
    let mut late = on(8, lose());
    late.occurred_at = "2026-03-10T23:30:00-02:00".parse().unwrap();
    let events = given::<Opportunity>(worked_on()).decide(late).unwrap();
    let OpportunityEvent::Lost { closed_on, opened_on, .. } = events[0] else { panic!("lost") };
    assert_eq!((closed_on, opened_on), (march(11), march(5)));
}

#[test]
fn events_tell_which_stage_a_deal_enters_and_leaves() {
    let stages = |event: OpportunityEvent| (event.stage_left(), event.stage_entered());
    assert_eq!(stages(opened()), (None, Some(PROSPECT)));
    assert_eq!(stages(moved()), (Some(PROSPECT), Some(PROPOSAL)));
    assert_eq!(stages(won()), (Some(PROPOSAL), None));
    assert_eq!(stages(lost()), (Some(PROPOSAL), None));
    assert_eq!(stages(reopened()), (None, Some(PROPOSAL)));
    assert_eq!(stages(withdrawn()), (Some(PROPOSAL), None));
    for elsewhere in [revised(), assigned(), activity_logged()] {
        assert_eq!(stages(elsewhere), (None, None));
    }
}
