//! Bodies of commands on leads.

use domain::sales::Owner;
use domain::sales::lead::{LeadCorrection, NewLead, Score};
use domain::{
    CustomFields, CustomPatch, EmailAddress, Money, Percent, Personal, Phone, PipelineId, StageId, Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::{Day, Moment};
use crate::patch::{clearable, given};
use crate::sales::body::{CustomShape, MoneyShape};
use crate::sales::lead::Conversion;
use crate::sales::opportunity::Placing;

/// A lead to capture.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadIn {
    /// Who it is.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Ada Lovelace")]
    pub name: Personal<Text<200>>,
    /// Where they work.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Example Engines")]
    pub company: Option<Text<200>>,
    /// Their e-mail address.
    #[schema(value_type = Option<String>, format = "email", max_length = 254, example = "ada@engines.example")]
    pub email: Option<Personal<EmailAddress>>,
    /// Their phone number.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 40, example = "+44 20 7946 0000")]
    pub phone: Option<Personal<Phone>>,
    /// Where the lead came from.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Trade fair")]
    pub source: Option<Text<100>>,
    /// Who works on it: the `sub` of a user, or a salesperson's name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "kim")]
    pub owner: Option<Owner>,
    /// Fields of the tenant's own.
    #[serde(default)]
    #[schema(value_type = CustomShape, required = false)]
    pub custom: CustomFields,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to set right of a lead: fields that are left out stay, null empties a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadPatch {
    /// Who it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Ada Lovelace")]
    pub name: Option<Personal<Text<200>>>,
    /// Where they work.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Example Engines")]
    pub company: Option<Option<Text<200>>>,
    /// Their e-mail address.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, format = "email", max_length = 254, example = "ada@engines.example")]
    pub email: Option<Option<Personal<EmailAddress>>>,
    /// Their phone number.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 40, example = "+44 20 7946 0000")]
    pub phone: Option<Option<Personal<Phone>>>,
    /// Where the lead came from.
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

/// How promising a lead is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QualifyIn {
    /// From 0 (hardly) to 100.
    #[schema(value_type = u8, minimum = 0, maximum = 100, example = 70)]
    pub score: Score,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Why a lead is given up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisqualifyIn {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "No budget this year")]
    pub reason: Text<500>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// The deal to make of a lead. What is left out comes from the lead, from the tenant's default pipeline, and from the
/// first stage.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvertIn {
    /// What people call the deal; by default the lead's company, else the product, else the lead's id. Never a person's name by itself,
    /// since names of deals are not sealed.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "Engine no. 2")]
    pub name: Option<Text<200>>,
    /// Its pipeline; the tenant's default pipeline if left out.
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
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl From<LeadIn> for NewLead {
    fn from(sent: LeadIn) -> Self {
        let LeadIn { name, company, email, phone, source, owner, custom, occurred_at: _ } = sent;
        Self { name, company, email, phone, source, owner, custom }
    }
}

impl From<LeadPatch> for LeadCorrection {
    fn from(sent: LeadPatch) -> Self {
        let LeadPatch { name, company, email, phone, source, custom, occurred_at: _ } = sent;
        Self { name, company, email, phone, source, custom }
    }
}

impl From<ConvertIn> for Conversion {
    fn from(sent: ConvertIn) -> Self {
        let ConvertIn { name, pipeline_id, stage_id, probability, amount, expected_close, product, .. } =
            sent;
        Self {
            name,
            placing: Placing { pipeline: pipeline_id, stage: stage_id, probability },
            amount,
            expected_close: expected_close.map(Day::get),
            product,
        }
    }
}
