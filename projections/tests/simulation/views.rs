//! Two read models that show any event that is folded twice, out of order, or not at all.

use domain::Event;
use domain::sales::opportunity::OpportunityEvent;
use projections::{Fact, FoldError, Projection};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The words in an activity that make a table refuse its row.
pub const REFUSE: &str = "refuse";

/// Whether the table refuses this row.
pub fn is_refused(doc: &Value) -> bool {
    doc["refused"] == Value::Bool(true)
}

/// Every event of an aggregate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub events: Vec<(i64, Uuid)>,
    pub refused: bool,
}

/// One row for each aggregate.
pub struct Listing;

impl Projection for Listing {
    type Row = Listed;
    const NAME: &'static str = "listing";
    const READS: &'static [&'static str] = &["sales.opportunity"];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<Listed>, _: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let row = row.get_or_insert_default();
        row.events.push((fact.position, fact.event_id));
        if let Event::Opportunity(OpportunityEvent::ActivityLogged { summary, .. }) = &fact.payload {
            row.refused |= serde_json::to_string(summary).is_ok_and(|summary| summary.contains(REFUSE));
        }
        Ok(())
    }
}

/// How many events a tenant has, and a digest that depends on their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    pub events: u64,
    pub digest: u64,
}

impl Counted {
    pub fn add(&mut self, position: i64) {
        self.events += 1;
        self.digest = self.digest.wrapping_mul(0x0100_0000_01b3) ^ position.unsigned_abs();
    }
}

/// One row for each tenant.
pub struct Tally;

impl Projection for Tally {
    type Row = Counted;
    const NAME: &'static str = "tally";
    const READS: &'static [&'static str] = &["sales.opportunity"];

    fn keys(_: &Fact) -> Vec<Uuid> {
        vec![Uuid::nil()]
    }

    fn apply(row: &mut Option<Counted>, _: Uuid, fact: &Fact) -> Result<(), FoldError> {
        row.get_or_insert_default().add(fact.position);
        Ok(())
    }
}
