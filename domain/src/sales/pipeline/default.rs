//! The pipeline that every tenant starts with.

use uuid::Uuid;

use super::{PipelineAction, Stage};
use crate::{Invalid, Percent, PipelineId, StageId, TenantId, Text};

const NAME: &str = "Sales pipeline";
const STAGES: [(&str, u8); 4] = [("Prospect", 10), ("Qualified", 20), ("Proposal", 50), ("Negotiation", 80)];

/// The id of a tenant's default pipeline, the same whenever it is asked for: UUID version 5 of `pipeline.default`
/// in the name space of the tenant's id.
pub fn default_pipeline_id(tenant: TenantId) -> PipelineId {
    PipelineId::from_uuid(Uuid::new_v5(&tenant.as_uuid(), b"pipeline.default"))
}

/// The action that creates a tenant's default pipeline, under [`default_pipeline_id`]. The ids of its stages derive
/// from the pipeline's id and their names, so that asking twice means the same stages.
///
/// # Errors
/// None, as a test shows: what is written above is valid.
pub fn default_pipeline(tenant: TenantId) -> Result<PipelineAction, Invalid> {
    let pipeline = default_pipeline_id(tenant);
    let stage = |(name, probability): (&str, u8)| {
        let id = Uuid::new_v5(&pipeline.as_uuid(), format!("stage.{name}").as_bytes());
        let (name, probability) = (Text::parse(name)?, Percent::new(probability)?);
        Ok(Stage { id: StageId::from_uuid(id), name, probability })
    };
    let stages = STAGES.into_iter().map(stage).collect::<Result<_, Invalid>>()?;
    Ok(PipelineAction::Create { name: Text::parse(NAME)?, stages })
}
