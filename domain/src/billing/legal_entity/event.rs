//! What happens to a legal entity.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Seller;
use crate::billing::{Address, Country, TaxId};
use crate::{Change, Text};

/// An event of a legal entity. It is a company, so nothing of it is personal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LegalEntityEvent {
    /// It was taken down.
    Registered(Box<Seller>),
    /// It got another name.
    Renamed {
        /// The old name.
        from: Text<200>,
        /// The new name.
        to: Text<200>,
    },
    /// It moved.
    Relocated {
        /// Where it is in its country.
        address: Change<Address>,
        /// In which country it is.
        country: Change<Country>,
    },
    /// It got other numbers at the tax office.
    TaxIdsChanged {
        /// The old ones.
        from: Vec<TaxId>,
        /// The new ones.
        to: Vec<TaxId>,
    },
}

impl DomainEvent for LegalEntityEvent {
    fn event_type(&self) -> String {
        format!("legal_entity.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
