//! Bodies of commands on opportunities.

use domain::sales::Owner;
use domain::sales::opportunity::OpportunityRevision;
use domain::{CustomFields, CustomPatch, LeadId, Money, Percent, PipelineId, StageId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Opening, Placing};
use crate::moment::{Day, Moment};
use crate::patch::{clearable, given};
use crate::sales::body::{CustomShape, MoneyShape};

/// A deal to open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpportunityIn {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Engine no. 2")]
    pub name: Text<200>,
    /// Its pipeline, for good; the tenant's default pipeline if left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub pipeline_id: Option<PipelineId>,
    /// Its stage; the pipeline's first one if left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub stage_id: Option<StageId>,
    /// How likely it is won, in percent; the stage's default if left out.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 100, example = 20)]
    pub probability: Option<Percent>,
    /// What it may bring.
    #[schema(value_type = Option<MoneyShape>)]
    pub amount: Option<Money>,
    /// When it should be decided.
    pub expected_close: Option<Day>,
    /// What is to be sold.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Analytical engine")]
    pub product: Option<Text<200>>,
    /// To whom.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Example Engines")]
    pub account: Option<Text<200>>,
    /// Who works on it: the `sub` of a user, or a salesperson's name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "kim")]
    pub owner: Option<Owner>,
    /// Where it came from.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Trade fair")]
    pub source: Option<Text<100>>,
    /// A lead of the tenant's that it has to do with. To make a deal of a lead, convert the lead.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub lead_id: Option<LeadId>,
    /// Fields of the tenant's own.
    #[serde(default)]
    #[schema(value_type = CustomShape, required = false)]
    pub custom: CustomFields,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a deal: fields that are left out stay, null empties a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpportunityPatch {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Engine no. 2")]
    pub name: Option<Text<200>>,
    /// What it may bring; in another currency too.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<MoneyShape>)]
    pub amount: Option<Option<Money>>,
    /// How likely it is won, in percent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u8, required = false, minimum = 0, maximum = 100, example = 20)]
    pub probability: Option<Percent>,
    /// When it should be decided.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<Day>)]
    pub expected_close: Option<Option<Day>>,
    /// What is to be sold.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Analytical engine")]
    pub product: Option<Option<Text<200>>>,
    /// To whom.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Example Engines")]
    pub account: Option<Option<Text<200>>>,
    /// Where it came from.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Trade fair")]
    pub source: Option<Option<Text<100>>>,
    /// Fields of the tenant's own.
    #[serde(default)]
    #[schema(value_type = CustomShape, required = false)]
    pub custom: CustomPatch,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Where a deal is to go.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveIn {
    /// A stage of the deal's pipeline.
    #[schema(value_type = uuid::Uuid)]
    pub stage_id: StageId,
    /// How likely it is won, in percent; the stage's default if left out.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 100, example = 50)]
    pub probability: Option<Percent>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// For how much a deal is won.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WinIn {
    /// The amount; the one that the deal has if left out.
    #[schema(value_type = Option<MoneyShape>)]
    pub amount: Option<Money>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Why a deal is lost.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseIn {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "Went with a cheaper offer")]
    pub reason: Text<500>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Where a closed deal is taken up again.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenIn {
    /// A stage of the deal's pipeline; the first one if left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub stage_id: Option<StageId>,
    /// How likely it is won, in percent; the stage's default if left out.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 100, example = 20)]
    pub probability: Option<Percent>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl From<OpportunityIn> for Opening {
    fn from(sent: OpportunityIn) -> Self {
        Self {
            name: sent.name,
            placing: Placing {
                pipeline: sent.pipeline_id,
                stage: sent.stage_id,
                probability: sent.probability,
            },
            amount: sent.amount,
            expected_close: sent.expected_close.map(Day::get),
            product: sent.product,
            account: sent.account,
            owner: sent.owner,
            source: sent.source,
            lead: sent.lead_id,
            custom: sent.custom,
        }
    }
}

impl From<OpportunityPatch> for OpportunityRevision {
    fn from(sent: OpportunityPatch) -> Self {
        Self {
            name: sent.name,
            amount: sent.amount,
            probability: sent.probability,
            expected_close: sent.expected_close.map(|day| day.map(Day::get)),
            product: sent.product,
            account: sent.account,
            source: sent.source,
            custom: sent.custom,
        }
    }
}
