//! Bodies of commands on series.

use domain::billing::series::NumberPattern;
use domain::{LegalEntityId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::moment::Moment;

/// A series to begin.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesIn {
    /// Whose documents have its numbers.
    #[schema(value_type = uuid::Uuid)]
    pub legal_entity_id: LegalEntityId,
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Invoices")]
    pub name: Text<100>,
    /// How its numbers look: letters, digits and `- / . _`, with `{seq:5}` for a counter of at least 5 digits, and `{year}` if counting
    /// begins anew each year. No other series of the legal entity has it.
    #[schema(value_type = String, min_length = 7, max_length = 30, example = "INV-{year}-{seq:5}")]
    pub pattern: NumberPattern,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}
