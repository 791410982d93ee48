//! `billing_legal_entity_list`: companies that issue invoices.

use chrono::{DateTime, Utc};
use domain::billing::legal_entity::LegalEntityEvent;
use domain::billing::{Address, Country, TaxId};
use domain::{Currency, Event, LegalEntityId, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LEGAL_ENTITY;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A legal entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegalEntityRow {
    /// Its id.
    pub id: LegalEntityId,
    /// The name in the register.
    pub name: Text<200>,
    /// Where it is in its country.
    pub address: Address,
    /// In which country it is.
    pub country: Country,
    /// How the tax office knows it.
    pub tax_ids: Vec<TaxId>,
    /// The currency of its books.
    pub currency: Currency,
    /// When it was taken down.
    pub registered_at: DateTime<Utc>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of its last event.
    pub version: i64,
}

/// The read model.
pub struct LegalEntityList;

impl Projection for LegalEntityList {
    type Row = LegalEntityRow;
    const NAME: &'static str = "billing_legal_entity_list";
    const READS: &'static [&'static str] = &[LEGAL_ENTITY];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<LegalEntityRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::LegalEntity(event) = &fact.payload else { return Ok(()) };
        if let LegalEntityEvent::Registered(seller) = event {
            *row = Some(LegalEntityRow {
                id: LegalEntityId::from_uuid(key),
                name: seller.name.clone(),
                address: seller.address.clone(),
                country: seller.country,
                tax_ids: seller.tax_ids.clone(),
                currency: seller.currency,
                registered_at: fact.metadata.occurred_at,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let entity = existing(row, key, fact)?;
        match event {
            LegalEntityEvent::Registered(_) => {}
            LegalEntityEvent::Renamed { to, .. } => entity.name = to.clone(),
            LegalEntityEvent::Relocated { address, country } => {
                entity.address = address.to.clone();
                entity.country = country.to;
            }
            LegalEntityEvent::TaxIdsChanged { to, .. } => entity.tax_ids = to.clone(),
        }
        entity.updated_at = fact.recorded_at;
        entity.version = fact.sequence;
        Ok(())
    }
}
