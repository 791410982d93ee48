//! What an opportunity remembers of its events.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::sales::Owner;
use crate::{CustomFields, LeadId, Money, Percent, PipelineId, StageId, Text};

/// What comes of a deal in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// The customer bought.
    Won,
    /// The customer will not buy.
    Lost,
}

/// Where a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OpportunityStatus {
    /// In a stage of its pipeline.
    Open,
    /// The customer bought.
    Won,
    /// The customer will not buy.
    Lost,
    /// Taken back.
    Withdrawn,
}

/// An opportunity, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Opportunity {
    /// Not opened yet.
    #[default]
    Unborn,
    /// In a stage of its pipeline.
    Open {
        /// What is known about it.
        deal: Box<Deal>,
        /// Its present visit to a stage.
        stay: Stay,
    },
    /// Won or lost.
    Closed {
        /// What is known about it.
        deal: Box<Deal>,
        /// How it ended.
        closing: Closing,
    },
    /// Taken back.
    Withdrawn,
}

/// What is known about a deal, open or closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// What people call it.
    pub name: Text<200>,
    /// Its pipeline, for good.
    pub pipeline: PipelineId,
    /// How likely it is won: 100 if it was, 0 if it was lost.
    pub probability: Percent,
    /// What it may bring, or brought.
    pub amount: Option<Money>,
    /// When it should be decided.
    pub expected_close: Option<NaiveDate>,
    /// What is to be sold.
    pub product: Option<Text<200>>,
    /// To whom.
    pub account: Option<Text<200>>,
    /// Who works on it.
    pub owner: Option<Owner>,
    /// Where it came from.
    pub source: Option<Text<100>>,
    /// The lead it was.
    pub lead: Option<LeadId>,
    /// Fields of the tenant's own.
    pub custom: CustomFields,
    /// When it was opened, in business time.
    pub opened_at: DateTime<Utc>,
    /// Whether what was said of people was erased.
    pub erased: bool,
}

/// One visit of a deal to one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// The stage.
    pub stage: StageId,
    /// Since when, in business time.
    pub since: DateTime<Utc>,
    /// Which visit of this deal to a stage it is, counted from 1.
    pub number: u32,
}

/// The end of a deal, until it is reopened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// What came of it.
    pub outcome: Outcome,
    /// When, in business time.
    pub at: DateTime<Utc>,
    /// The visit to a stage that ended with it.
    pub last_stay: u32,
}

/// Which way a deal moves through its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Direction {
    /// To a later stage.
    Forward,
    /// To an earlier stage.
    Back,
}

impl Opportunity {
    /// Where it stands; none before it is opened.
    pub const fn status(&self) -> Option<OpportunityStatus> {
        match self {
            Self::Unborn => None,
            Self::Open { .. } => Some(OpportunityStatus::Open),
            Self::Closed { closing, .. } => match closing.outcome {
                Outcome::Won => Some(OpportunityStatus::Won),
                Outcome::Lost => Some(OpportunityStatus::Lost),
            },
            Self::Withdrawn => Some(OpportunityStatus::Withdrawn),
        }
    }

    /// What is known about it; none before it is opened and after it is withdrawn.
    pub const fn deal(&self) -> Option<&Deal> {
        match self {
            Self::Unborn | Self::Withdrawn => None,
            Self::Open { deal, .. } | Self::Closed { deal, .. } => Some(deal),
        }
    }

    /// The stage it is in; none unless it is open.
    pub const fn stage(&self) -> Option<StageId> {
        match self {
            Self::Open { stay, .. } => Some(stay.stage),
            Self::Unborn | Self::Closed { .. } | Self::Withdrawn => None,
        }
    }

    /// When it entered its stage, or was won or lost, in business time.
    pub const fn last_change(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open { stay, .. } => Some(stay.since),
            Self::Closed { closing, .. } => Some(closing.at),
            Self::Unborn | Self::Withdrawn => None,
        }
    }
}
