//! `sales_lead_list`: leads as they are now.

use chrono::{DateTime, Utc};
use domain::sales::Owner;
use domain::sales::lead::{LeadEvent, LeadStatus, Score};
use domain::{Change, CustomFields, EmailAddress, Event, LeadId, OpportunityId, Personal, Phone, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LEAD;
use crate::erased;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeadRow {
    /// Its id.
    pub id: LeadId,
    /// Who it is.
    pub name: Personal<Text<200>>,
    /// Where they work.
    pub company: Option<Text<200>>,
    /// Their e-mail address.
    pub email: Option<Personal<EmailAddress>>,
    /// Their phone number.
    pub phone: Option<Personal<Phone>>,
    /// Where the lead came from.
    pub source: Option<Text<100>>,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Open, qualified, disqualified or converted.
    pub status: LeadStatus,
    /// 0 to 100, once qualified.
    pub score: Option<Score>,
    /// Why it was given up.
    pub disqualified_reason: Option<Text<500>>,
    /// What it became.
    pub opportunity_id: Option<OpportunityId>,
    /// Fields of the tenant's own.
    pub custom: CustomFields,
    /// Activities logged.
    pub activities: u32,
    /// When the last of them took place.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// When it was taken down.
    pub captured_at: DateTime<Utc>,
    /// When it came into its status.
    pub status_since: DateTime<Utc>,
    /// When who it is was erased, if that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// The read model.
pub struct LeadList;

impl Projection for LeadList {
    type Row = LeadRow;
    const NAME: &'static str = "sales_lead_list";
    const READS: &'static [&'static str] = &[LEAD];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<LeadRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Lead(event) = &fact.payload else { return Ok(()) };
        if let LeadEvent::Captured { name, company, email, phone, source, owner, custom, at } = event {
            *row = Some(LeadRow {
                id: LeadId::from_uuid(key),
                name: name.clone().or_else(erased::text),
                company: company.clone(),
                email: email.clone(),
                phone: phone.clone(),
                source: source.clone(),
                owner: owner.clone(),
                status: LeadStatus::Open,
                score: None,
                disqualified_reason: None,
                opportunity_id: None,
                custom: custom.clone(),
                activities: 0,
                last_activity_at: None,
                captured_at: *at,
                status_since: *at,
                erased_at: None,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        // One that was taken back has no row, and may be erased all the same.
        if let (LeadEvent::Erased { .. }, None) = (event, &row) {
            return Ok(());
        }
        let lead = existing(row, key, fact)?;
        match event {
            LeadEvent::Captured { .. } => {}
            LeadEvent::Assigned { to, .. } => lead.owner = to.clone(),
            LeadEvent::Qualified { score, at, .. } => {
                lead.enter(LeadStatus::Qualified, *at);
                lead.score = Some(*score);
            }
            LeadEvent::Disqualified { reason, at, .. } => {
                lead.enter(LeadStatus::Disqualified, *at);
                lead.disqualified_reason = Some(reason.clone());
            }
            LeadEvent::Reopened { at, .. } => {
                lead.enter(LeadStatus::Open, *at);
                lead.score = None;
                lead.disqualified_reason = None;
            }
            LeadEvent::ActivityLogged { .. } => {
                lead.activities += 1;
                lead.last_activity_at = lead.last_activity_at.max(Some(fact.metadata.occurred_at));
            }
            LeadEvent::Converted { opportunity, at, .. } => {
                lead.enter(LeadStatus::Converted, *at);
                lead.opportunity_id = Some(*opportunity);
            }
            LeadEvent::Corrected { name, company, email, phone, source, custom } => {
                if let Some(Change { to, .. }) = name {
                    lead.name = to.clone().or_else(erased::text);
                }
                Change::apply(company.clone(), &mut lead.company);
                Change::apply(email.clone(), &mut lead.email);
                Change::apply(phone.clone(), &mut lead.phone);
                Change::apply(source.clone(), &mut lead.source);
                lead.custom.apply(custom);
            }
            LeadEvent::Withdrawn { .. } => {
                *row = None;
                return Ok(());
            }
            LeadEvent::Erased { at, .. } => {
                lead.name = Personal::erased().or_else(erased::text);
                lead.email = None;
                lead.phone = None;
                lead.erased_at = Some(*at);
            }
        }
        lead.updated_at = fact.recorded_at;
        lead.version = fact.sequence;
        Ok(())
    }
}

impl LeadRow {
    fn enter(&mut self, status: LeadStatus, at: DateTime<Utc>) {
        if self.status != status {
            self.status_since = at;
        }
        self.status = status;
    }
}
