//! `sales_opportunity_list`: deals as they are now; the board, forecast and sales reports read it too.

use chrono::{DateTime, NaiveDate, Utc};
use domain::sales::Owner;
use domain::sales::opportunity::{OpportunityEvent, OpportunityStatus};
use domain::{Change, CustomFields, Event, LeadId, Money, OpportunityId, Percent, PipelineId, StageId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OPPORTUNITY;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpportunityRow {
    /// Its id.
    pub id: OpportunityId,
    /// What people call it.
    pub name: Text<200>,
    /// The pipeline it is in.
    pub pipeline_id: PipelineId,
    /// The stage it is in; once closed, the last one it was in.
    pub stage_id: StageId,
    /// Open, won or lost.
    pub status: OpportunityStatus,
    /// What it is worth, if that is known.
    pub amount: Option<Money>,
    /// How likely it is won, in percent; 100 once won, 0 once lost.
    pub probability: Percent,
    /// When it should be decided.
    pub expected_close: Option<NaiveDate>,
    /// What is sold.
    pub product: Option<Text<200>>,
    /// To whom.
    pub account: Option<Text<200>>,
    /// By whom.
    pub owner: Option<Owner>,
    /// Where the deal came from.
    pub source: Option<Text<100>>,
    /// The lead it was, if it was one.
    pub lead_id: Option<LeadId>,
    /// Fields of the tenant's own.
    pub custom: CustomFields,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it came into its stage, or was closed.
    pub stage_since: DateTime<Utc>,
    /// Stays in stages so far, this one included.
    pub stay: u32,
    /// The day it was won or lost.
    pub closed_on: Option<NaiveDate>,
    /// Why it was lost.
    pub lost_reason: Option<Text<500>>,
    /// Activities logged.
    pub activities: u32,
    /// When the last of them took place.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// When what was said of people was erased, if that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// The read model.
pub struct OpportunityList;

impl Projection for OpportunityList {
    type Row = OpportunityRow;
    const NAME: &'static str = "sales_opportunity_list";
    const READS: &'static [&'static str] = &[OPPORTUNITY];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<OpportunityRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Opportunity(event) = &fact.payload else { return Ok(()) };
        if let OpportunityEvent::Opened { .. } = event {
            *row = opened(event, key, fact);
            return Ok(());
        }
        // One that was taken back has no row.
        if let (OpportunityEvent::Erased {}, None) = (event, &row) {
            return Ok(());
        }
        let deal = existing(row, key, fact)?;
        match event {
            OpportunityEvent::Opened { .. } => {}
            OpportunityEvent::Moved { to, probability, at, stay, .. } => {
                deal.enter(*to, probability.to, *at, *stay + 1);
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
            } => {
                Change::apply(name.clone(), &mut deal.name);
                Change::apply(*amount, &mut deal.amount);
                Change::apply(*probability, &mut deal.probability);
                Change::apply(*expected_close, &mut deal.expected_close);
                Change::apply(product.clone(), &mut deal.product);
                Change::apply(account.clone(), &mut deal.account);
                Change::apply(source.clone(), &mut deal.source);
                deal.custom.apply(custom);
            }
            OpportunityEvent::Assigned { to, .. } => deal.owner = to.clone(),
            OpportunityEvent::Won { amount, at, closed_on, .. } => {
                deal.amount = Some(*amount);
                deal.close(OpportunityStatus::Won, Percent::HUNDRED, *at, *closed_on);
            }
            OpportunityEvent::Lost { reason, at, closed_on, .. } => {
                deal.close(OpportunityStatus::Lost, Percent::ZERO, *at, *closed_on);
                deal.lost_reason = Some(reason.clone());
            }
            OpportunityEvent::Reopened { to, probability, at, stay, .. } => {
                deal.status = OpportunityStatus::Open;
                deal.closed_on = None;
                deal.lost_reason = None;
                deal.enter(*to, *probability, *at, *stay);
            }
            OpportunityEvent::ActivityLogged { .. } => {
                deal.activities += 1;
                deal.last_activity_at = deal.last_activity_at.max(Some(fact.metadata.occurred_at));
            }
            OpportunityEvent::Erased {} => deal.erased_at = Some(fact.metadata.occurred_at),
            OpportunityEvent::Withdrawn { .. } => {
                *row = None;
                return Ok(());
            }
        }
        deal.updated_at = fact.recorded_at;
        deal.version = fact.sequence;
        Ok(())
    }
}

fn opened(event: &OpportunityEvent, key: Uuid, fact: &Fact) -> Option<OpportunityRow> {
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
        at,
    } = event
    else {
        return None;
    };
    Some(OpportunityRow {
        id: OpportunityId::from_uuid(key),
        name: name.clone(),
        pipeline_id: *pipeline,
        stage_id: *stage,
        status: OpportunityStatus::Open,
        amount: *amount,
        probability: *probability,
        expected_close: *expected_close,
        product: product.clone(),
        account: account.clone(),
        owner: owner.clone(),
        source: source.clone(),
        lead_id: *lead,
        custom: custom.clone(),
        opened_at: *at,
        stage_since: *at,
        stay: 1,
        closed_on: None,
        lost_reason: None,
        activities: 0,
        last_activity_at: None,
        erased_at: None,
        updated_at: fact.recorded_at,
        version: fact.sequence,
    })
}

impl OpportunityRow {
    fn enter(&mut self, stage: StageId, probability: Percent, at: DateTime<Utc>, stay: u32) {
        self.stage_id = stage;
        self.probability = probability;
        self.stage_since = at;
        self.stay = stay;
    }

    fn close(&mut self, status: OpportunityStatus, probability: Percent, at: DateTime<Utc>, on: NaiveDate) {
        self.status = status;
        self.probability = probability;
        self.stage_since = at;
        self.closed_on = Some(on);
    }
}
