//! Read models of sales.

pub mod history;
mod history_changes;
pub mod lead_list;
pub mod opportunity_list;
pub mod pipeline_list;
pub mod stage_stay;

use cqrs_es::Aggregate;
use domain::sales::lead::Lead;
use domain::sales::opportunity::Opportunity;
use domain::sales::pipeline::Pipeline;

const PIPELINE: &str = Pipeline::TYPE;
const LEAD: &str = Lead::TYPE;
const OPPORTUNITY: &str = Opportunity::TYPE;
