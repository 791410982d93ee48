//! `billing_series_list`: series of numbers, and how far they are.

use chrono::{DateTime, Utc};
use domain::billing::series::{DocumentNumber, NumberPattern, SeriesEvent};
use domain::{Event, LegalEntityId, SeriesId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::SERIES;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesRow {
    /// Its id.
    pub id: SeriesId,
    /// Whose documents have its numbers.
    pub legal_entity_id: LegalEntityId,
    /// What people call it.
    pub name: Text<100>,
    /// How its numbers look.
    pub pattern: NumberPattern,
    /// Whether it gives out numbers.
    pub status: SeriesStatus,
    /// How many numbers it has given out, in all years.
    pub numbers: u64,
    /// The last of them.
    pub last_number: Option<DocumentNumber>,
    /// When it was begun.
    pub opened_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// Whether a series gives out numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesStatus {
    /// It does.
    Open,
    /// It does not any more.
    Closed,
}

/// The read model.
pub struct SeriesList;

impl Projection for SeriesList {
    type Row = SeriesRow;
    const NAME: &'static str = "billing_series_list";
    const READS: &'static [&'static str] = &[SERIES];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<SeriesRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Series(event) = &fact.payload else { return Ok(()) };
        if let SeriesEvent::Opened { legal_entity, name, pattern } = event {
            *row = Some(SeriesRow {
                id: SeriesId::from_uuid(key),
                legal_entity_id: *legal_entity,
                name: name.clone(),
                pattern: pattern.clone(),
                status: SeriesStatus::Open,
                numbers: 0,
                last_number: None,
                opened_at: fact.metadata.occurred_at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let series = existing(row, key, fact)?;
        match event {
            SeriesEvent::Opened { .. } => {}
            SeriesEvent::NumberDrawn { number, .. } => {
                series.numbers += 1;
                series.last_number = Some(number.clone());
            }
            SeriesEvent::Closed {} => series.status = SeriesStatus::Closed,
        }
        series.updated_at = fact.recorded_at;
        series.version = fact.sequence;
        Ok(())
    }
}
