//! One example of each event of a legal entity.

use super::{LegalEntityEvent, Seller};
use crate::billing::{Address, Country, TaxId, TaxIdKind};
use crate::fixtures::{id, text};
use crate::{Change, Currency, LegalEntityId};

/// The legal entity of the examples.
pub const LEGAL_ENTITY: LegalEntityId = id(201);

/// One of each.
pub fn all() -> Vec<LegalEntityEvent> {
    vec![registered(), renamed(), relocated(), tax_ids_changed()]
}

/// A country.
///
/// # Panics
/// If there is no such country.
pub fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

/// A number for value added tax.
pub fn vat(value: &str) -> TaxId {
    TaxId { kind: TaxIdKind::Vat, value: text(value) }
}

/// An address with all that an address may have.
pub fn address() -> Address {
    Address {
        street: Some(text("Engine Street 1")),
        addition: Some(text("Yard 2")),
        postal_code: Some(text("10115")),
        city: text("Berlin"),
        region: Some(text("Berlin")),
    }
}

/// An address with a city alone.
pub fn city(name: &str) -> Address {
    Address { street: None, addition: None, postal_code: None, city: text(name), region: None }
}

/// What [`registered`] was made of.
pub fn seller() -> Seller {
    Seller {
        name: text("Example Engines GmbH"),
        address: address(),
        country: country("DE"),
        tax_ids: vec![vat("DE123456789")],
        currency: Currency::EUR,
    }
}

/// `legal_entity.registered`
pub fn registered() -> LegalEntityEvent {
    LegalEntityEvent::Registered(Box::new(seller()))
}

/// `legal_entity.renamed`
pub fn renamed() -> LegalEntityEvent {
    LegalEntityEvent::Renamed { from: text("Example Engines GmbH"), to: text("Example Engines SE") }
}

/// `legal_entity.relocated`
pub fn relocated() -> LegalEntityEvent {
    LegalEntityEvent::Relocated {
        address: Change { from: address(), to: city("Wien") },
        country: Change { from: country("DE"), to: country("AT") },
    }
}

/// `legal_entity.tax_ids_changed`
pub fn tax_ids_changed() -> LegalEntityEvent {
    LegalEntityEvent::TaxIdsChanged { from: vec![vat("DE123456789")], to: vec![vat("ATU12345678")] }
}
