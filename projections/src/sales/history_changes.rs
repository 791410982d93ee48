//! What an event changed, field by field. Events carry both values, so nothing has to be looked up.

use domain::sales::lead::{LeadEvent, LeadStatus};
use domain::sales::opportunity::{OpportunityEvent, OpportunityStatus, Outcome};
use domain::{Change, CustomChanges};
use serde::Serialize;
use serde_json::Value;

use super::history::{Activity, FieldChange};

/// Field changes in the order in which they are shown.
#[derive(Default)]
pub(super) struct Changes(pub(super) Vec<FieldChange>);

impl Changes {
    /// Adds a field, unless both values are the same.
    fn field(mut self, name: &str, from: impl Serialize, to: impl Serialize) -> Self {
        let (from, to) = (json(from), json(to));
        if from != to {
            self.0.push(FieldChange { field: name.to_owned(), from, to });
        }
        self
    }

    fn change<T: Serialize>(self, name: &str, change: Option<&Change<T>>) -> Self {
        match change {
            Some(Change { from, to }) => self.field(name, from, to),
            None => self,
        }
    }

    fn custom(self, changes: &CustomChanges) -> Self {
        changes.iter().fold(self, |all, (key, change)| {
            all.field(&format!("custom.{key}"), change.from.as_ref(), change.to.as_ref())
        })
    }

    fn only(self) -> (Self, Option<Activity>) {
        (self, None)
    }
}

fn json(value: impl Serialize) -> Value {
    // Value objects serialise to plain JSON; a failure would be a bug in one of them and shows as null.
    serde_json::to_value(value).unwrap_or(Value::Null)
}

const NONE: Option<&str> = None;

/// The fields that are personal, of which nothing is left once a lead is erased: not even that they changed.
pub(super) const PERSONAL: &[&str] = &["name", "email", "phone"];

/// What an event of a lead changed.
pub(super) fn lead_changes(event: &LeadEvent) -> (Changes, Option<Activity>) {
    let changes = Changes::default();
    match event {
        LeadEvent::Captured { name, company, email, phone, source, owner, custom, at: _ } => {
            let changes = changes
                .field("status", NONE, LeadStatus::Open)
                .field("name", NONE, name)
                .field("company", NONE, company)
                .field("email", NONE, email)
                .field("phone", NONE, phone)
                .field("source", NONE, source)
                .field("owner", NONE, owner);
            custom
                .iter()
                .fold(changes, |all, (key, value)| all.field(&format!("custom.{key}"), NONE, value))
                .only()
        }
        LeadEvent::Assigned { from, to } => changes.field("owner", from, to).only(),
        LeadEvent::Qualified { score, previous, at: _ } => {
            let status = if previous.is_some() { LeadStatus::Qualified } else { LeadStatus::Open };
            changes.field("status", status, LeadStatus::Qualified).field("score", previous, score).only()
        }
        LeadEvent::Disqualified { reason, from, at: _ } => changes
            .field("status", from, LeadStatus::Disqualified)
            .field("disqualified_reason", NONE, reason)
            .only(),
        LeadEvent::Reopened { from, at: _ } => changes.field("status", from, LeadStatus::Open).only(),
        LeadEvent::ActivityLogged { kind, summary } => (changes, Some(Activity::of(*kind, summary))),
        LeadEvent::Converted { opportunity, from, at: _ } => changes
            .field("status", from, LeadStatus::Converted)
            .field("opportunity_id", NONE, opportunity)
            .only(),
        LeadEvent::Corrected { name, company, email, phone, source, custom } => changes
            .change("name", name.as_ref())
            .change("company", company.as_ref())
            .change("email", email.as_ref())
            .change("phone", phone.as_ref())
            .change("source", source.as_ref())
            .custom(custom)
            .only(),
        LeadEvent::Erased { .. } => changes.only(),
        LeadEvent::Withdrawn { reason, from, at: _ } => changes
            .field("status", from, LeadStatus::Withdrawn)
            .field("withdrawn_reason", NONE, reason)
            .only(),
    }
}

/// What an event of an opportunity changed.
pub(super) fn opportunity_changes(event: &OpportunityEvent) -> (Changes, Option<Activity>) {
    let changes = Changes::default();
    match event {
        OpportunityEvent::Opened { .. } => opened(event).only(),
        OpportunityEvent::Moved { from, to, probability, .. } => {
            changes.field("stage_id", from, to).field("probability", probability.from, probability.to).only()
        }
        OpportunityEvent::Revised {
            name,
            amount,
            probability,
            expected_close,
            product,
            account,
            source,
            custom,
            pipeline: _,
            stage: _,
        } => changes
            .change("name", name.as_ref())
            .change("amount", amount.as_ref())
            .change("probability", probability.as_ref())
            .change("expected_close", expected_close.as_ref())
            .change("product", product.as_ref())
            .change("account", account.as_ref())
            .change("source", source.as_ref())
            .custom(custom)
            .only(),
        OpportunityEvent::Assigned { from, to } => changes.field("owner", from, to).only(),
        OpportunityEvent::Won { amount, previous_amount, probability, closed_on, .. } => changes
            .field("status", OpportunityStatus::Open, OpportunityStatus::Won)
            .field("amount", previous_amount, Some(amount))
            .field("probability", probability, 100)
            .field("closed_on", NONE, closed_on)
            .only(),
        OpportunityEvent::Lost { reason, probability, closed_on, .. } => changes
            .field("status", OpportunityStatus::Open, OpportunityStatus::Lost)
            .field("lost_reason", NONE, reason)
            .field("probability", probability, 0)
            .field("closed_on", NONE, closed_on)
            .only(),
        OpportunityEvent::Reopened { from, to, probability, closed_on, .. } => {
            let closed_at = match from {
                Outcome::Won => 100,
                Outcome::Lost => 0,
            };
            changes
                .field("status", from, OpportunityStatus::Open)
                .field("stage_id", NONE, to)
                .field("probability", closed_at, probability)
                .field("closed_on", closed_on, NONE)
                .only()
        }
        OpportunityEvent::ActivityLogged { kind, summary } => (changes, Some(Activity::of(*kind, summary))),
        OpportunityEvent::Erased {} => changes.only(),
        OpportunityEvent::Withdrawn { reason, outcome, .. } => {
            let from = match outcome {
                None => OpportunityStatus::Open,
                Some(Outcome::Won) => OpportunityStatus::Won,
                Some(Outcome::Lost) => OpportunityStatus::Lost,
            };
            changes
                .field("status", from, OpportunityStatus::Withdrawn)
                .field("withdrawn_reason", NONE, reason)
                .only()
        }
    }
}

fn opened(event: &OpportunityEvent) -> Changes {
    let changes = Changes::default();
    let OpportunityEvent::Opened {
        name,
        pipeline,
        stage,
        probability,
        amount,
        expected_close,
        product,
        account,
        owner,
        source,
        lead,
        custom,
        at: _,
    } = event
    else {
        return changes;
    };
    let changes = changes
        .field("status", NONE, OpportunityStatus::Open)
        .field("name", NONE, name)
        .field("pipeline_id", NONE, pipeline)
        .field("stage_id", NONE, stage)
        .field("probability", NONE, probability)
        .field("amount", NONE, amount)
        .field("expected_close", NONE, expected_close)
        .field("product", NONE, product)
        .field("account", NONE, account)
        .field("owner", NONE, owner)
        .field("source", NONE, source)
        .field("lead_id", NONE, lead);
    custom.iter().fold(changes, |all, (key, value)| all.field(&format!("custom.{key}"), NONE, value))
}
