//! Random commands against each aggregate: whatever is asked, in whatever order, what must hold holds.

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::{DateTime, Duration, Utc};
use cqrs_es::{Aggregate, DomainEvent};
use domain::fixtures::{at, euros, id, percent, prose, text};
use domain::sales::ActivityKind;
use domain::sales::lead::fixtures::new_lead;
use domain::sales::lead::{Lead, LeadAction, LeadCommand, LeadCorrection, LeadEvent, LeadStatus};
use domain::sales::opportunity::fixtures::new_opportunity;
use domain::sales::opportunity::{
    Direction, NewOpportunity, Opportunity, OpportunityAction, OpportunityCommand, OpportunityEvent,
    OpportunityRevision, OpportunityStatus,
};
use domain::sales::pipeline::{MAX_STAGES, Pipeline, PipelineAction, PipelineCommand, Stage};
use domain::{Command, StageId};
use proptest::collection::vec;
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
        let qualified = format!("sales.{}", event.event_type());
        prop_assert!(qualified.starts_with(A::TYPE));
    }
    let snapshot = serde_json::to_value(after).expect("serialises");
    prop_assert_eq!(&serde_json::from_value::<A>(snapshot).expect("reads what it wrote"), after);
    Ok(())
}

/// Applies `events` to a copy.
fn after<A: Aggregate + Clone>(before: &A, events: &[A::Event]) -> A {
    let mut after = before.clone();
    events.iter().cloned().for_each(|event| after.apply(event));
    after
}

/// Actions every other hour of March, give or take two, so that some come before the one they follow.
fn commands<A: Debug + Clone>(action: impl Strategy<Value = A>) -> impl Strategy<Value = Vec<Command<A>>> {
    vec((0..5_i64, action), 1..40).prop_map(|actions| {
        let hours = (0..).step_by(2);
        let command = |(hour, (late, action))| Command {
            occurred_at: at(1, 0) + Duration::hours(hour + late),
            now: at(31, 0),
            action,
        };
        hours.zip(actions).map(command).collect()
    })
}

fn stage_id() -> impl Strategy<Value = StageId> {
    (1..6_u128).prop_map(id)
}

fn opportunity_commands() -> impl Strategy<Value = Vec<OpportunityCommand>> {
    commands(prop_oneof![
        1 => stage_id().prop_map(|stage| {
            let new = NewOpportunity { stage, amount: None, ..new_opportunity() };
            OpportunityAction::Open(Box::new(new))
        }),
        4 => (stage_id(), 0..=100_u8)
            .prop_map(|(to, value)| OpportunityAction::Move {
                    to,
                    probability: percent(value),
                    direction: if value % 2 == 0 { Direction::Forward } else { Direction::Back },
                }),
        1 => (0..3_u8).prop_map(|n| {
            let amount = Some((n > 0).then(|| euros(&n.to_string())));
            OpportunityAction::Revise(Box::new(OpportunityRevision { amount, ..OpportunityRevision::default() }))
        }),
        1 => (0..3_u8).prop_map(|n| OpportunityAction::Assign { owner: (n > 0).then(|| text(&n.to_string())) }),
        1 => any::<bool>().prop_map(|given| OpportunityAction::Win { amount: given.then(|| euros("5")) }),
        1 => Just(OpportunityAction::Lose { reason: text("Too dear") }),
        2 => stage_id().prop_map(|stage| OpportunityAction::Reopen { stage, probability: percent(30) }),
        1 => Just(OpportunityAction::LogActivity { kind: ActivityKind::Note, summary: prose("Noted").into() }),
        1 => Just(OpportunityAction::Withdraw { reason: text("Undone") }),
    ])
}

fn lead_commands() -> impl Strategy<Value = Vec<LeadCommand>> {
    commands(prop_oneof![
        2 => Just(LeadAction::Capture(Box::new(new_lead()))),
        1 => (0..3_u8).prop_map(|n| LeadAction::Assign { owner: (n > 0).then(|| text(&n.to_string())) }),
        2 => (0..=100_u8).prop_map(|value| LeadAction::Qualify { score: percent(value) }),
        2 => Just(LeadAction::Disqualify { reason: text("No budget") }),
        2 => Just(LeadAction::Reopen),
        1 => Just(LeadAction::LogActivity { kind: ActivityKind::Call, summary: prose("Called").into() }),
        1 => (1..3_u128).prop_map(|n| LeadAction::Convert { opportunity: id(n) }),
        1 => (0..3_u8).prop_map(|n| {
            let company = Some((n > 0).then(|| text(&n.to_string())));
            LeadAction::Correct(Box::new(LeadCorrection { company, ..LeadCorrection::default() }))
        }),
        1 => Just(LeadAction::Withdraw { reason: text("Undone") }),
    ])
}

fn stage() -> impl Strategy<Value = Stage> {
    (stage_id(), "[ABab]", 0..=100_u8).prop_map(|(id, name, value)| Stage {
        id,
        name: text(&name),
        probability: percent(value),
    })
}

fn pipeline_commands() -> impl Strategy<Value = Vec<PipelineCommand>> {
    commands(prop_oneof![
        1 => vec(stage(), 0..3).prop_map(|stages| PipelineAction::Create { name: text("Sales"), stages }),
        1 => "[ab]".prop_map(|name| PipelineAction::Rename { name: text(&name) }),
        2 => (stage(), proptest::option::of(stage_id()))
            .prop_map(|(stage, before)| PipelineAction::AddStage { stage, before }),
        1 => (stage_id(), "[A-F]").prop_map(|(stage, name)| PipelineAction::RenameStage { stage, name: text(&name) }),
        1 => (stage_id(), 0..=100_u8)
            .prop_map(|(stage, value)| PipelineAction::ChangeProbability { stage, probability: percent(value) }),
        1 => vec(stage_id(), 1..4).prop_map(|stages| PipelineAction::ReorderStages { stages }),
        1 => stage_id().prop_map(|stage| PipelineAction::RetireStage { stage }),
    ])
}

/// What a fold knows of one deal from its events alone.
#[derive(Default)]
struct Folded {
    stage: Option<StageId>,
    entered: Option<DateTime<Utc>>,
    stays_begun: u32,
    withdrawn: bool,
}

impl Folded {
    /// A fold that counts deals per stage stays right, and stays are numbered 1, 2, 3, … and never of negative length.
    fn apply(&mut self, event: &OpportunityEvent) -> Result<(), TestCaseError> {
        prop_assert!(!self.withdrawn, "{event:?} after the withdrawal");
        if let Some(left) = event.stage_left() {
            prop_assert_eq!(self.stage, Some(left));
            self.stage = None;
        }
        if let Some(entered) = event.stage_entered() {
            prop_assert_eq!(self.stage, None, "a deal is in one stage at a time");
            self.stage = Some(entered);
        }
        match event {
            OpportunityEvent::Opened { at, .. } => self.begin(1, *at)?,
            OpportunityEvent::Moved { from, to, since, at, stay, .. } => {
                prop_assert_ne!(from, to);
                self.end(*stay, *since, *at)?;
                self.begin(stay + 1, *at)?;
            }
            OpportunityEvent::Won { since, at, stay, closed_on, .. }
            | OpportunityEvent::Lost { since, at, stay, closed_on, .. } => {
                prop_assert_eq!(*closed_on, at.date_naive());
                self.end(*stay, *since, *at)?;
            }
            OpportunityEvent::Reopened { since, at, stay, .. } => {
                prop_assert!(since <= at);
                self.begin(*stay, *at)?;
            }
            OpportunityEvent::Withdrawn { since, at, stay, stage, .. } => {
                self.withdrawn = true;
                prop_assert_eq!(*stay, self.stays_begun);
                if stage.is_some() {
                    self.end(*stay, *since, *at)?;
                }
            }
            OpportunityEvent::Revised { stage, .. } => prop_assert_eq!(*stage, self.stage),
            OpportunityEvent::Assigned { .. } | OpportunityEvent::ActivityLogged { .. } => {}
        }
        Ok(())
    }

    fn begin(&mut self, stay: u32, at: DateTime<Utc>) -> Result<(), TestCaseError> {
        self.stays_begun += 1;
        prop_assert_eq!(stay, self.stays_begun);
        prop_assert_eq!(self.entered.replace(at), None);
        Ok(())
    }

    fn end(&mut self, stay: u32, since: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), TestCaseError> {
        prop_assert_eq!(stay, self.stays_begun);
        prop_assert_eq!(self.entered.take(), Some(since));
        prop_assert!(since <= at);
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_deal_is_in_one_stage_at_a_time_whatever_is_asked(commands in opportunity_commands()) {
        let mut deal = Opportunity::default();
        let mut folded = Folded::default();
        for command in commands {
            let Ok(events) = deal.decide(command.clone()) else { continue };
            let next = after(&deal, &events);
            check(&deal, &command, &next, &events)?;
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
        for command in commands {
            let Ok(events) = lead.decide(command.clone()) else { continue };
            let next = after(&lead, &events);
            check(&lead, &command, &next, &events)?;
            if lead.converted_to().is_some() {
                prop_assert_eq!(next.converted_to(), lead.converted_to());
            }
            if lead.status() == Some(LeadStatus::Withdrawn) {
                prop_assert!(events.is_empty());
            }
            for event in &events {
                let left = match event {
                    LeadEvent::Disqualified { from, .. }
                    | LeadEvent::Reopened { from, .. }
                    | LeadEvent::Converted { from, .. }
                    | LeadEvent::Withdrawn { from, .. } => Some(*from),
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
        for command in commands {
            let Ok(events) = pipeline.decide(command.clone()) else { continue };
            let next = after(&pipeline, &events);
            check(&pipeline, &command, &next, &events)?;
            let stages = next.stages();
            let names: BTreeSet<String> = stages.iter().map(|stage| stage.name.to_lowercase()).collect();
            let ids: BTreeSet<StageId> = stages.iter().map(|stage| stage.id).collect();
            prop_assert!((1..=MAX_STAGES).contains(&stages.len()));
            prop_assert_eq!((names.len(), ids.len()), (stages.len(), stages.len()));
            pipeline = next;
        }
    }
}
