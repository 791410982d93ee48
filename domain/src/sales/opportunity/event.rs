//! What happens to an opportunity.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{Direction, Outcome};
use crate::sales::Owner;
use crate::sales::activity::{ActivityKind, Summary};
use crate::{Change, CustomChanges, CustomFields, LeadId, Money, Percent, PipelineId, StageId, Text};

/// An event of an opportunity.
///
/// The same words mean the same in all of them: `at` is the business time of the change, `since` that of the change
/// before it, and a `stay` is one visit of this deal to one stage, counted from 1. Closing events carry what reports
/// group by, and the events that undo them carry it again, so that a fold can take it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OpportunityEvent {
    /// The deal began; stay 1.
    Opened {
        /// What people call it.
        name: Text<200>,
        /// Its pipeline, for good.
        pipeline: PipelineId,
        /// Its first stage.
        stage: StageId,
        /// How likely it is won.
        probability: Percent,
        /// What it may bring.
        amount: Option<Money>,
        /// When it should be decided.
        expected_close: Option<NaiveDate>,
        /// What is to be sold.
        product: Option<Text<200>>,
        /// To whom.
        account: Option<Text<200>>,
        /// Who works on it.
        owner: Option<Owner>,
        /// Where it came from.
        source: Option<Text<100>>,
        /// The lead it was.
        lead: Option<LeadId>,
        /// Fields of the tenant's own.
        custom: CustomFields,
        /// When.
        at: DateTime<Utc>,
    },
    /// It went into another stage of its pipeline.
    Moved {
        /// Its pipeline.
        pipeline: PipelineId,
        /// The stage it left.
        from: StageId,
        /// The stage it entered.
        to: StageId,
        /// Towards the end of the pipeline or back, as its stages were ordered then.
        direction: Direction,
        /// How likely it is won; may be the same.
        probability: Change<Percent>,
        /// What it may bring.
        amount: Option<Money>,
        /// When it had entered `from`.
        since: DateTime<Utc>,
        /// When it entered `to`.
        at: DateTime<Utc>,
        /// The stay that ended; the next one began.
        stay: u32,
    },
    /// What is known about it changed; at least one field differs.
    Revised {
        /// Its pipeline.
        pipeline: PipelineId,
        /// The stage it is in; none if it is closed, which no rule allows today.
        stage: Option<StageId>,
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Change<Text<200>>>,
        /// What it may bring; the currency may differ too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Change<Option<Money>>>,
        /// How likely it is won.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probability: Option<Change<Percent>>,
        /// When it should be decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_close: Option<Change<Option<NaiveDate>>>,
        /// What is to be sold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<Change<Option<Text<200>>>>,
        /// To whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<Change<Option<Text<200>>>>,
        /// Where it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Change<Option<Text<100>>>>,
        /// Fields of the tenant's own.
        #[serde(default, skip_serializing_if = "CustomChanges::is_empty")]
        custom: CustomChanges,
    },
    /// Somebody else works on it, or nobody any more.
    Assigned {
        /// Who did.
        from: Option<Owner>,
        /// Who does.
        to: Option<Owner>,
    },
    /// The customer bought.
    Won {
        /// Its pipeline.
        pipeline: PipelineId,
        /// The stage it left.
        from: StageId,
        /// For how much.
        amount: Money,
        /// What it was expected to bring until now.
        previous_amount: Option<Money>,
        /// How likely this was said to be until now.
        probability: Percent,
        /// Who works on it.
        owner: Option<Owner>,
        /// When it had entered `from`.
        since: DateTime<Utc>,
        /// When it was won.
        at: DateTime<Utc>,
        /// The day of `at`, in UTC.
        closed_on: NaiveDate,
        /// The day it was opened, in UTC.
        opened_on: NaiveDate,
        /// The stay that ended.
        stay: u32,
    },
    /// The customer will not buy.
    Lost {
        /// Its pipeline.
        pipeline: PipelineId,
        /// The stage it left.
        from: StageId,
        /// Why.
        reason: Text<500>,
        /// What it would have brought.
        amount: Option<Money>,
        /// How likely winning was said to be until now.
        probability: Percent,
        /// Who works on it.
        owner: Option<Owner>,
        /// When it had entered `from`.
        since: DateTime<Utc>,
        /// When it was lost.
        at: DateTime<Utc>,
        /// The day of `at`, in UTC.
        closed_on: NaiveDate,
        /// The day it was opened, in UTC.
        opened_on: NaiveDate,
        /// The stay that ended.
        stay: u32,
    },
    /// It was taken up again after it was won or lost.
    Reopened {
        /// Its pipeline.
        pipeline: PipelineId,
        /// What had come of it.
        from: Outcome,
        /// The stage it entered.
        to: StageId,
        /// How likely it is won.
        probability: Percent,
        /// What it brought, or would have brought; and may bring now.
        amount: Option<Money>,
        /// Who works on it.
        owner: Option<Owner>,
        /// When it had been won or lost.
        since: DateTime<Utc>,
        /// When it was taken up again.
        at: DateTime<Utc>,
        /// The day it had been won or lost, in UTC.
        closed_on: NaiveDate,
        /// The day it was opened, in UTC.
        opened_on: NaiveDate,
        /// The stay that began.
        stay: u32,
    },
    /// Something was done.
    ActivityLogged {
        /// What sort of activity.
        kind: ActivityKind,
        /// What was said and agreed.
        summary: Summary,
    },
    /// It was taken back, as if it had never been opened.
    Withdrawn {
        /// Why.
        reason: Text<500>,
        /// Its pipeline.
        pipeline: PipelineId,
        /// What had come of it; none if it was open.
        outcome: Option<Outcome>,
        /// The stage it left; none if it was closed.
        stage: Option<StageId>,
        /// What it may bring, or brought.
        amount: Option<Money>,
        /// How likely it was won: 100 if it was, 0 if it was lost.
        probability: Percent,
        /// Who worked on it.
        owner: Option<Owner>,
        /// When it had entered the stage, or had been won or lost.
        since: DateTime<Utc>,
        /// When it was taken back.
        at: DateTime<Utc>,
        /// The day it had been won or lost, in UTC; none if it was open.
        closed_on: Option<NaiveDate>,
        /// The day it was opened, in UTC.
        opened_on: NaiveDate,
        /// The last stay: the one that ended, if it was open.
        stay: u32,
    },
    /// What was said of people in its activities is erased: the key of that was destroyed with this event. The deal goes on.
    Erased {},
}

impl OpportunityEvent {
    /// The stage that an open deal is in from now on, if this event put it there.
    pub const fn stage_entered(&self) -> Option<StageId> {
        match self {
            Self::Opened { stage, .. } => Some(*stage),
            Self::Moved { to, .. } | Self::Reopened { to, .. } => Some(*to),
            Self::Revised { .. }
            | Self::Assigned { .. }
            | Self::Won { .. }
            | Self::Lost { .. }
            | Self::ActivityLogged { .. }
            | Self::Withdrawn { .. }
            | Self::Erased {} => None,
        }
    }

    /// The stage that an open deal is no longer in, if this event took it out of there.
    pub const fn stage_left(&self) -> Option<StageId> {
        match self {
            Self::Moved { from, .. } | Self::Won { from, .. } | Self::Lost { from, .. } => Some(*from),
            Self::Withdrawn { stage, .. } => *stage,
            Self::Opened { .. }
            | Self::Revised { .. }
            | Self::Assigned { .. }
            | Self::Reopened { .. }
            | Self::ActivityLogged { .. }
            | Self::Erased {} => None,
        }
    }
}

impl DomainEvent for OpportunityEvent {
    fn event_type(&self) -> String {
        format!("opportunity.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
