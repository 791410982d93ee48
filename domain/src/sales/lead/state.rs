//! What a lead remembers of its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sales::Owner;
use crate::{CustomFields, EmailAddress, OpportunityId, Percent, Personal, Phone, Text};

/// How promising a lead is, from 0 (hardly) to 100 points.
pub type Score = Percent;

/// Where a lead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeadStatus {
    /// Nobody has judged it yet, or it was reopened.
    Open,
    /// Worth pursuing.
    Qualified,
    /// Given up.
    Disqualified,
    /// Became an opportunity.
    Converted,
    /// Taken back.
    Withdrawn,
}

/// A lead, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Lead {
    /// Not captured yet.
    #[default]
    Unborn,
    /// Captured, wherever it stands now.
    Captured(Box<Captured>),
    /// Taken back.
    Withdrawn,
    /// Erased, wherever it stood.
    Erased {
        /// Its last status.
        status: LeadStatus,
        /// What it had become.
        opportunity: Option<OpportunityId>,
        /// Who worked on it.
        owner: Option<Owner>,
    },
}

/// A lead that was captured and not withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Captured {
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
    /// Fields of the tenant's own.
    pub custom: CustomFields,
    /// Where it stands.
    pub progress: Progress,
    /// Since when, in business time.
    pub since: DateTime<Utc>,
}

/// Where a captured lead stands, with what belongs to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Nobody has judged it yet, or it was reopened.
    Open,
    /// Worth pursuing.
    Qualified {
        /// How promising it is.
        score: Score,
    },
    /// Given up.
    Disqualified {
        /// Why.
        reason: Text<500>,
    },
    /// Became an opportunity.
    Converted {
        /// Which.
        opportunity: OpportunityId,
    },
}

impl Progress {
    /// The status alone.
    pub const fn status(&self) -> LeadStatus {
        match self {
            Self::Open => LeadStatus::Open,
            Self::Qualified { .. } => LeadStatus::Qualified,
            Self::Disqualified { .. } => LeadStatus::Disqualified,
            Self::Converted { .. } => LeadStatus::Converted,
        }
    }
}

impl Lead {
    /// Where it stands; none before it is captured.
    pub fn status(&self) -> Option<LeadStatus> {
        match self {
            Self::Unborn => None,
            Self::Captured(captured) => Some(captured.progress.status()),
            Self::Withdrawn => Some(LeadStatus::Withdrawn),
            Self::Erased { status, .. } => Some(*status),
        }
    }

    /// Who works on it, if anybody does.
    pub fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Captured(captured) => captured.owner.as_ref(),
            Self::Erased { owner, .. } => owner.as_ref(),
            Self::Unborn | Self::Withdrawn => None,
        }
    }

    /// The opportunity that it became.
    pub fn converted_to(&self) -> Option<OpportunityId> {
        match self {
            Self::Captured(captured) => match captured.progress {
                Progress::Converted { opportunity } => Some(opportunity),
                Progress::Open | Progress::Qualified { .. } | Progress::Disqualified { .. } => None,
            },
            Self::Erased { opportunity, .. } => *opportunity,
            Self::Unborn | Self::Withdrawn => None,
        }
    }

    /// When it got its status, in business time.
    pub fn last_change(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Captured(captured) => Some(captured.since),
            Self::Unborn | Self::Withdrawn | Self::Erased { .. } => None,
        }
    }
}
