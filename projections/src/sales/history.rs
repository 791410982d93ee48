//! `sales_history`: every change of a lead or an opportunity, with old and new value, actor and time.

use chrono::{DateTime, Utc};
use domain::Event;
use domain::sales::ActivityKind;
use domain::sales::activity::Summary;
use domain::sales::lead::LeadEvent;
use domain::sales::opportunity::OpportunityEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::history_changes::{PERSONAL, lead_changes, opportunity_changes};
use super::{LEAD, OPPORTUNITY};
use crate::erased;
use crate::projection::{Fact, FoldError, Projection};

/// One event, as people read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// `<context>.<aggregate>`.
    pub aggregate_type: String,
    /// The lead or opportunity.
    pub aggregate_id: Uuid,
    /// Its version after this event.
    pub sequence: i64,
    /// Such as `opportunity.moved`.
    pub event_type: String,
    /// Who did it.
    pub actor: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The import that brought it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Uuid>,
    /// Each field that it changed.
    pub changes: Vec<FieldChange>,
    /// The activity, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// As in the lead or opportunity; a custom field as `custom.<key>`.
    pub field: String,
    /// The old value; null if there was none.
    pub from: Value,
    /// The new value; null if there is none.
    pub to: Value,
}

/// A call, e-mail, meeting or note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// What sort.
    pub kind: ActivityKind,
    /// What was said and agreed.
    pub summary: Summary,
}

/// The read model.
pub struct History;

/// The id of the row of an event: known to a later event of the same thing, as the event's own id is not.
fn row_id(aggregate: Uuid, sequence: i64) -> Uuid {
    Uuid::new_v5(&aggregate, &sequence.to_be_bytes())
}

impl HistoryRow {
    /// Leaves nothing that is personal. It comes to the same whether that had been erased before it was folded or not.
    fn erase(&mut self) {
        if self.aggregate_type == LEAD {
            self.changes.retain(|change| !PERSONAL.contains(&change.field.as_str()));
        }
        if let Some(activity) = &mut self.activity {
            activity.summary = Summary::erased().or_else(erased::text);
        }
    }
}

impl Activity {
    /// An activity, of which a word is left if it was erased.
    pub(super) fn of(kind: ActivityKind, summary: &Summary) -> Self {
        Self { kind, summary: summary.clone().or_else(erased::text) }
    }
}

impl Projection for History {
    type Row = HistoryRow;
    const NAME: &'static str = "sales_history";
    const READS: &'static [&'static str] = &[LEAD, OPPORTUNITY];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        match &fact.payload {
            // All that came before it, which it clears.
            Event::Lead(LeadEvent::Erased { .. }) | Event::Opportunity(OpportunityEvent::Erased {}) => {
                (1..=fact.sequence).map(|sequence| row_id(fact.aggregate_id, sequence)).collect()
            }
            Event::Lead(_) | Event::Opportunity(_) => vec![row_id(fact.aggregate_id, fact.sequence)],
            Event::Pipeline(_)
            | Event::Import(_)
            | Event::User(_)
            | Event::Session(_)
            | Event::CustomRole(_)
            | Event::Team(_)
            | Event::Tenant(_)
            | Event::Policy(_)
            | Event::Provider(_)
            | Event::LegalEntity(_)
            | Event::Customer(_)
            | Event::Series(_)
            | Event::Invoice(_)
            | Event::Payment(_) => Vec::new(),
        }
    }

    fn apply(row: &mut Option<HistoryRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        if key != row_id(fact.aggregate_id, fact.sequence) {
            if let Some(row) = row {
                row.erase();
            }
            return Ok(());
        }
        let (changes, activity) = match &fact.payload {
            Event::Lead(event) => lead_changes(event),
            Event::Opportunity(event) => opportunity_changes(event),
            Event::Pipeline(_)
            | Event::Import(_)
            | Event::User(_)
            | Event::Session(_)
            | Event::CustomRole(_)
            | Event::Team(_)
            | Event::Tenant(_)
            | Event::Policy(_)
            | Event::Provider(_)
            | Event::LegalEntity(_)
            | Event::Customer(_)
            | Event::Series(_)
            | Event::Invoice(_)
            | Event::Payment(_) => return Ok(()),
        };
        *row = Some(HistoryRow {
            aggregate_type: fact.aggregate_type.clone(),
            aggregate_id: fact.aggregate_id,
            sequence: fact.sequence,
            event_type: fact.event_type.clone(),
            actor: fact.metadata.actor.clone(),
            occurred_at: fact.metadata.occurred_at,
            recorded_at: fact.recorded_at,
            import: fact.metadata.import,
            changes: changes.0,
            activity,
        });
        Ok(())
    }
}
