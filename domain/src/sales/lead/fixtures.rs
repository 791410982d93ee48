//! One example of each event of a lead.

use std::collections::BTreeMap;

use super::{LeadEvent, LeadStatus, NewLead};
use crate::fixtures::{at, custom, custom_number, custom_text, email, id, key, percent, phone, prose, text};
use crate::sales::ActivityKind;
use crate::{Change, CustomValue, LeadId, OpportunityId};

/// The lead of the examples.
pub const LEAD: LeadId = id(21);
/// The opportunity that it becomes.
pub const OPPORTUNITY: OpportunityId = id(31);

/// One of each.
pub fn all() -> Vec<LeadEvent> {
    vec![
        captured(),
        assigned(),
        qualified(),
        disqualified(),
        reopened(),
        activity_logged(),
        converted(),
        corrected(),
        withdrawn(),
        erased(),
    ]
}

/// What [`captured`] was made of.
pub fn new_lead() -> NewLead {
    NewLead {
        name: text("Ada Example").into(),
        company: Some(text("Example Engines Ltd")),
        email: Some(email("ada@engines.example").into()),
        phone: Some(phone("+44 20 7946 0000").into()),
        source: Some(text("Trade fair")),
        owner: Some(text("sam")),
        custom: custom([
            ("employees", custom_number(250.0)),
            ("newsletter", CustomValue::Flag(true)),
            ("region", custom_text("North")),
        ]),
    }
}

/// `lead.captured`, on the 1st of March
pub fn captured() -> LeadEvent {
    let NewLead { name, company, email, phone, source, owner, custom } = new_lead();
    LeadEvent::Captured { name, company, email, phone, source, owner, custom, at: at(1, 9) }
}

/// `lead.assigned`
pub fn assigned() -> LeadEvent {
    LeadEvent::Assigned { from: Some(text("sam")), to: Some(text("kim")) }
}

/// `lead.qualified`, on the 2nd of March
pub fn qualified() -> LeadEvent {
    LeadEvent::Qualified { score: percent(70), previous: Some(percent(40)), at: at(2, 9) }
}

/// `lead.disqualified`, on the 3rd of March
pub fn disqualified() -> LeadEvent {
    let reason = text("No budget this year");
    LeadEvent::Disqualified { reason, from: LeadStatus::Qualified, at: at(3, 9) }
}

/// `lead.reopened`, on the 4th of March
pub fn reopened() -> LeadEvent {
    LeadEvent::Reopened { from: LeadStatus::Disqualified, at: at(4, 9) }
}

/// `lead.activity_logged`
pub fn activity_logged() -> LeadEvent {
    let summary = prose("Called Ada.\nShe wants a demo in April.");
    LeadEvent::ActivityLogged { kind: ActivityKind::Call, summary: summary.into() }
}

/// `lead.converted`, on the 5th of March
pub fn converted() -> LeadEvent {
    LeadEvent::Converted { opportunity: OPPORTUNITY, from: LeadStatus::Qualified, at: at(5, 9) }
}

/// `lead.corrected`, with each field changed
pub fn corrected() -> LeadEvent {
    LeadEvent::Corrected {
        name: Some(Change { from: text("Ada Example").into(), to: text("Ada B. Example").into() }),
        company: Some(Change { from: Some(text("Example Engines Ltd")), to: Some(text("Example Engines")) }),
        email: Some(Change { from: Some(email("ada@engines.example").into()), to: None }),
        phone: Some(Change { from: None, to: Some(phone("020 7946 0001").into()) }),
        source: Some(Change { from: Some(text("Trade fair")), to: Some(text("Referral")) }),
        custom: BTreeMap::from([
            (key("employees"), Change { from: Some(custom_number(250.0)), to: Some(custom_number(260.5)) }),
            (key("region"), Change { from: Some(custom_text("North")), to: None }),
        ]),
    }
}

/// `lead.withdrawn`, on the 6th of March
pub fn withdrawn() -> LeadEvent {
    LeadEvent::Withdrawn { reason: text("Import undone"), from: LeadStatus::Open, at: at(6, 9) }
}

/// `lead.erased`, on the 7th of March
pub fn erased() -> LeadEvent {
    LeadEvent::Erased { from: LeadStatus::Qualified, at: at(7, 9) }
}
