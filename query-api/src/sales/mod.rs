//! Sales: pipelines and their boards, leads, opportunities, and their history.

mod history;
mod lead_list;
mod links;
mod opportunity_list;
mod pipeline_board;
mod pipeline_list;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use history::{HistoryChange, HistoryEntry};
pub use lead_list::Lead;
pub use opportunity_list::Opportunity;
pub use pipeline_board::{Board, BoardCard, BoardStage};
pub use pipeline_list::{Pipeline, PipelineStage};

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .merge(pipeline_list::router())
        .merge(pipeline_board::router())
        .merge(lead_list::router())
        .merge(opportunity_list::router())
        .merge(history::router())
}

/// An amount of a currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// A decimal number as text, with the decimal places of its currency.
    #[schema(example = "12500.00")]
    pub amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
}

/// What deals of one currency come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Deals with an amount in it.
    pub count: i64,
    /// The sum of their amounts, with the decimal places of the currency.
    #[schema(example = "12500.00")]
    pub amount: String,
    /// The sum of amount × probability / 100, rounded to these places once, at the end.
    #[schema(example = "1250.00")]
    pub weighted: String,
}
