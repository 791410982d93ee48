//! What can be asked of an opportunity.

use chrono::NaiveDate;

use super::Direction;
use crate::sales::Owner;
use crate::sales::activity::{ActivityKind, Summary};
use crate::{Command, CustomFields, CustomPatch, LeadId, Money, Percent, PipelineId, StageId, Text};

/// An action on an opportunity, with its times.
pub type OpportunityCommand = Command<OpportunityAction>;

/// What to do with an opportunity. That a stage is a live one of the deal's pipeline, the caller has asked the
/// pipeline, and guards in the same transaction.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OpportunityAction {
    /// Begin a deal.
    Open(Box<NewOpportunity>),
    /// Put it into another stage of its pipeline. Into the one it is in, nothing changes, not even the probability.
    Move {
        /// The new stage.
        to: StageId,
        /// The new probability: the stage's default, unless the client knows better.
        probability: Percent,
        /// Towards the end of the pipeline or back; the caller knows its order.
        direction: Direction,
    },
    /// Change what is known about it.
    Revise(Box<OpportunityRevision>),
    /// Give it to somebody, or to nobody.
    Assign {
        /// Who works on it from now on.
        owner: Option<Owner>,
    },
    /// The customer bought.
    Win {
        /// For how much; for the amount it has if none.
        amount: Option<Money>,
    },
    /// The customer will not buy.
    Lose {
        /// Why.
        reason: Text<500>,
    },
    /// Take it up again after it was won or lost.
    Reopen {
        /// The stage it goes into.
        stage: StageId,
        /// Its new probability.
        probability: Percent,
    },
    /// Note what was done, also after it was won or lost.
    LogActivity {
        /// What sort of activity.
        kind: ActivityKind,
        /// What was said and agreed.
        summary: Summary,
    },
    /// Take it back, as if it had never been opened, as when an import is undone. Final.
    Withdraw {
        /// Why.
        reason: Text<500>,
    },
    /// Erase what was said of people in its activities, as when the lead that it was is erased. The caller destroys the key in the
    /// same append.
    Erase,
}

/// A deal to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOpportunity {
    /// What people call it.
    pub name: Text<200>,
    /// Its pipeline, for good.
    pub pipeline: PipelineId,
    /// Its first stage.
    pub stage: StageId,
    /// How likely it is won: the stage's default, unless the client knows better.
    pub probability: Percent,
    /// What it may bring.
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
}

/// What to change: `None` leaves a field, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpportunityRevision {
    /// What people call it.
    pub name: Option<Text<200>>,
    /// What it may bring; in another currency too.
    pub amount: Option<Option<Money>>,
    /// How likely it is won.
    pub probability: Option<Percent>,
    /// When it should be decided.
    pub expected_close: Option<Option<NaiveDate>>,
    /// What is to be sold.
    pub product: Option<Option<Text<200>>>,
    /// To whom.
    pub account: Option<Option<Text<200>>>,
    /// Where it came from.
    pub source: Option<Option<Text<100>>>,
    /// Fields of the tenant's own.
    pub custom: CustomPatch,
}
