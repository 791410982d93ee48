//! One example of each event of an opportunity.

use std::collections::BTreeMap;

use super::{Direction, NewOpportunity, OpportunityEvent, Outcome};
use crate::fixtures::{at, custom, custom_number, custom_text, euros, key, march, percent, prose, text};
use crate::sales::ActivityKind;
use crate::sales::lead::fixtures::LEAD;
use crate::sales::pipeline::fixtures::{PIPELINE, PROPOSAL, PROSPECT};
use crate::{Change, OpportunityId};

/// The opportunity of the examples.
pub const OPPORTUNITY: OpportunityId = crate::sales::lead::fixtures::OPPORTUNITY;

/// One of each.
pub fn all() -> Vec<OpportunityEvent> {
    vec![
        opened(),
        moved(),
        revised(),
        assigned(),
        won(),
        lost(),
        reopened(),
        activity_logged(),
        withdrawn(),
        erased(),
    ]
}

/// What [`opened`] was made of.
pub fn new_opportunity() -> NewOpportunity {
    NewOpportunity {
        name: text("Engine no. 2"),
        pipeline: PIPELINE,
        stage: PROSPECT,
        probability: percent(10),
        amount: Some(euros("12500.00")),
        expected_close: Some(march(31)),
        product: Some(text("Difference engine")),
        account: Some(text("Example Engines Ltd")),
        owner: Some(text("sam")),
        source: Some(text("Trade fair")),
        lead: Some(LEAD),
        custom: custom([("region", custom_text("North")), ("seats", custom_number(12.0))]),
    }
}

/// `opportunity.opened`, on the 5th of March
pub fn opened() -> OpportunityEvent {
    let new = new_opportunity();
    OpportunityEvent::Opened {
        name: new.name,
        pipeline: new.pipeline,
        stage: new.stage,
        probability: new.probability,
        amount: new.amount,
        expected_close: new.expected_close,
        product: new.product,
        account: new.account,
        owner: new.owner,
        source: new.source,
        lead: new.lead,
        custom: new.custom,
        at: at(5, 9),
    }
}

/// `opportunity.moved`, on the 8th of March
pub fn moved() -> OpportunityEvent {
    OpportunityEvent::Moved {
        pipeline: PIPELINE,
        from: PROSPECT,
        to: PROPOSAL,
        direction: Direction::Forward,
        probability: Change { from: percent(10), to: percent(50) },
        amount: Some(euros("12500.00")),
        since: at(5, 9),
        at: at(8, 9),
        stay: 1,
    }
}

/// `opportunity.revised`, with each field changed
pub fn revised() -> OpportunityEvent {
    OpportunityEvent::Revised {
        pipeline: PIPELINE,
        stage: Some(PROPOSAL),
        name: Some(Change { from: text("Engine no. 2"), to: text("Analytical engine") }),
        amount: Some(Change { from: Some(euros("12500")), to: Some(euros("14000.50")) }),
        probability: Some(Change { from: percent(50), to: percent(60) }),
        expected_close: Some(Change { from: Some(march(31)), to: None }),
        product: Some(Change { from: Some(text("Difference engine")), to: Some(text("Analytical engine")) }),
        account: Some(Change { from: Some(text("Example Engines Ltd")), to: Some(text("Example Engines")) }),
        source: Some(Change { from: Some(text("Trade fair")), to: None }),
        custom: BTreeMap::from([
            (key("region"), Change { from: Some(custom_text("North")), to: None }),
            (key("seats"), Change { from: Some(custom_number(12.0)), to: Some(custom_number(15.0)) }),
        ]),
    }
}

/// `opportunity.assigned`
pub fn assigned() -> OpportunityEvent {
    OpportunityEvent::Assigned { from: Some(text("sam")), to: Some(text("kim")) }
}

/// `opportunity.won`, on the 12th of March
pub fn won() -> OpportunityEvent {
    OpportunityEvent::Won {
        pipeline: PIPELINE,
        from: PROPOSAL,
        amount: euros("13900.00"),
        previous_amount: Some(euros("14000.50")),
        probability: percent(60),
        owner: Some(text("kim")),
        since: at(8, 9),
        at: at(12, 9),
        closed_on: march(12),
        opened_on: march(5),
        stay: 2,
    }
}

/// `opportunity.lost`, on the 12th of March
pub fn lost() -> OpportunityEvent {
    OpportunityEvent::Lost {
        pipeline: PIPELINE,
        from: PROPOSAL,
        reason: text("Went with a cheaper offer"),
        amount: Some(euros("14000.50")),
        probability: percent(60),
        owner: Some(text("kim")),
        since: at(8, 9),
        at: at(12, 9),
        closed_on: march(12),
        opened_on: march(5),
        stay: 2,
    }
}

/// `opportunity.reopened`, on the 15th of March
pub fn reopened() -> OpportunityEvent {
    OpportunityEvent::Reopened {
        pipeline: PIPELINE,
        from: Outcome::Lost,
        to: PROPOSAL,
        probability: percent(50),
        amount: Some(euros("14000.50")),
        owner: Some(text("kim")),
        since: at(12, 9),
        at: at(15, 9),
        closed_on: march(12),
        opened_on: march(5),
        stay: 3,
    }
}

/// `opportunity.activity_logged`
pub fn activity_logged() -> OpportunityEvent {
    let summary = prose("Sent the offer.\n\tAnswer by Friday.");
    OpportunityEvent::ActivityLogged { kind: ActivityKind::Email, summary: summary.into() }
}

/// `opportunity.withdrawn`, on the 16th of March
pub fn withdrawn() -> OpportunityEvent {
    OpportunityEvent::Withdrawn {
        reason: text("Import undone"),
        pipeline: PIPELINE,
        outcome: None,
        stage: Some(PROPOSAL),
        amount: Some(euros("14000.50")),
        probability: percent(50),
        owner: Some(text("kim")),
        since: at(15, 9),
        at: at(16, 9),
        closed_on: None,
        opened_on: march(5),
        stay: 3,
    }
}

/// `opportunity.erased`
pub fn erased() -> OpportunityEvent {
    OpportunityEvent::Erased {}
}
