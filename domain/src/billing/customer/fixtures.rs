//! One example of each event of a customer.

use super::{CustomerEvent, Profile};
use crate::billing::legal_entity::fixtures::{address, city, country, vat};
use crate::billing::{Language, NetDays};
use crate::fixtures::{at, email, id, text};
use crate::{Change, Currency, CustomerId};

/// The customer of the examples.
pub const CUSTOMER: CustomerId = id(211);

/// One of each.
pub fn all() -> Vec<CustomerEvent> {
    vec![registered(), renamed(), relocated(), tax_ids_changed(), terms_agreed(), contact_changed(), erased()]
}

/// So many days.
///
/// # Panics
/// If it is more than a year.
pub fn days(days: u16) -> NetDays {
    NetDays::new(days).expect("at most a year")
}

/// A language.
///
/// # Panics
/// If it is none.
pub fn language(tag: &str) -> Language {
    Language::parse(tag).expect("a language")
}

/// A currency.
///
/// # Panics
/// If there is no such currency.
pub fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// What [`registered`] was made of.
pub fn profile() -> Profile {
    Profile {
        name: text("Ada Example").into(),
        address: address().into(),
        country: country("FR"),
        tax_ids: vec![vat("FR12345678901")].into(),
        currency: Currency::EUR,
        terms: days(30),
        language: language("fr"),
        email: Some(email("bills@engines.example").into()),
    }
}

/// `customer.registered`
pub fn registered() -> CustomerEvent {
    CustomerEvent::Registered(Box::new(profile()))
}

/// `customer.renamed`
pub fn renamed() -> CustomerEvent {
    CustomerEvent::Renamed { from: text("Ada Example").into(), to: text("Ada B. Example").into() }
}

/// `customer.relocated`
pub fn relocated() -> CustomerEvent {
    CustomerEvent::Relocated {
        address: Change { from: address().into(), to: city("London").into() },
        country: Change { from: country("FR"), to: country("GB") },
    }
}

/// `customer.tax_ids_changed`
pub fn tax_ids_changed() -> CustomerEvent {
    CustomerEvent::TaxIdsChanged {
        from: vec![vat("FR12345678901")].into(),
        to: vec![vat("GB123456789")].into(),
    }
}

/// `customer.terms_agreed`
pub fn terms_agreed() -> CustomerEvent {
    CustomerEvent::TermsAgreed {
        currency: Change { from: Currency::EUR, to: currency("GBP") },
        terms: Change { from: days(30), to: days(14) },
    }
}

/// `customer.contact_changed`
pub fn contact_changed() -> CustomerEvent {
    CustomerEvent::ContactChanged {
        email: Change { from: Some(email("bills@engines.example").into()), to: None },
        language: Change { from: language("fr"), to: language("en-GB") },
    }
}

/// `customer.erased`, on the 7th of March
pub fn erased() -> CustomerEvent {
    CustomerEvent::Erased { at: at(7, 9) }
}
