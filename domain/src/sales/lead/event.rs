//! What happens to a lead.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{LeadStatus, Score};
use crate::sales::Owner;
use crate::sales::activity::{ActivityKind, Summary};
use crate::{Change, CustomChanges, CustomFields, EmailAddress, OpportunityId, Personal, Phone, Text};

/// An event of a lead. `at` is the business time at which a status was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeadEvent {
    /// It was taken down; it is open.
    Captured {
        /// Who it is.
        name: Personal<Text<200>>,
        /// Where they work.
        company: Option<Text<200>>,
        /// Their e-mail address.
        email: Option<Personal<EmailAddress>>,
        /// Their phone number.
        phone: Option<Personal<Phone>>,
        /// Where the lead came from.
        source: Option<Text<100>>,
        /// Who works on it.
        owner: Option<Owner>,
        /// Fields of the tenant's own.
        custom: CustomFields,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody else works on it, or nobody any more.
    Assigned {
        /// Who did.
        from: Option<Owner>,
        /// Who does.
        to: Option<Owner>,
    },
    /// It was found worth pursuing, or got another score.
    Qualified {
        /// How promising it is.
        score: Score,
        /// Its score before; none if it was open.
        previous: Option<Score>,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was given up.
    Disqualified {
        /// Why.
        reason: Text<500>,
        /// Its status before.
        from: LeadStatus,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was taken up again: it is open, without a score.
    Reopened {
        /// Its status before.
        from: LeadStatus,
        /// When.
        at: DateTime<Utc>,
    },
    /// Something was done.
    ActivityLogged {
        /// What sort of activity.
        kind: ActivityKind,
        /// What was said and agreed.
        summary: Summary,
    },
    /// It became an opportunity.
    Converted {
        /// Which.
        opportunity: OpportunityId,
        /// Its status before.
        from: LeadStatus,
        /// When.
        at: DateTime<Utc>,
    },
    /// Its data was set right; at least one field differs.
    Corrected {
        /// Who it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Personal<Text<200>>>>,
        /// Where they work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company: Option<Change<Option<Text<200>>>>,
        /// Their e-mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Change<Option<Personal<EmailAddress>>>>,
        /// Their phone number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<Change<Option<Personal<Phone>>>>,
        /// Where the lead came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Change<Option<Text<100>>>>,
        /// Fields of the tenant's own.
        #[serde(default, skip_serializing_if = "CustomChanges::is_empty")]
        custom: CustomChanges,
    },
    /// It was taken back, as if it had never been captured.
    Withdrawn {
        /// Why.
        reason: Text<500>,
        /// Its status before.
        from: LeadStatus,
        /// When.
        at: DateTime<Utc>,
    },
    /// Who it was is erased: the key of all that is personal in its events was destroyed with this one. What it counts for
    /// stays.
    Erased {
        /// Its status, which stays.
        from: LeadStatus,
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for LeadEvent {
    fn event_type(&self) -> String {
        format!("lead.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
