//! Examples for tests here and in other crates: one of each event, and the values they are made of.
//!
//! They panic on what breaks a rule of its type: an example must not.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use uuid::Uuid;

use crate::billing::{customer, invoice, legal_entity, payment, series};
use crate::identity::{custom_role, policy, provider, session, team, tenant, user};
use crate::sales::{import, lead, opportunity, pipeline};
use crate::{
    Currency, CustomFields, CustomValue, EmailAddress, Event, FieldKey, Id, Money, Percent, Phone, Prose,
    Text,
};

/// One of each event of every aggregate.
pub fn all() -> Vec<Event> {
    let pipelines = pipeline::fixtures::all().into_iter().map(Event::Pipeline);
    let leads = lead::fixtures::all().into_iter().map(Event::Lead);
    let opportunities = opportunity::fixtures::all().into_iter().map(Event::Opportunity);
    let imports = import::fixtures::all().into_iter().map(Event::Import);
    let users = user::fixtures::all().into_iter().map(Event::User);
    let sessions = session::fixtures::all().into_iter().map(Event::Session);
    let custom_roles = custom_role::fixtures::all().into_iter().map(Event::CustomRole);
    let teams = team::fixtures::all().into_iter().map(Event::Team);
    let tenants = tenant::fixtures::all().into_iter().map(Event::Tenant);
    let policies = policy::fixtures::all().into_iter().map(Event::Policy);
    let providers = provider::fixtures::all().into_iter().map(Event::Provider);
    let legal_entities = legal_entity::fixtures::all().into_iter().map(Event::LegalEntity);
    let customers = customer::fixtures::all().into_iter().map(Event::Customer);
    let all_series = series::fixtures::all().into_iter().map(Event::Series);
    let invoices = invoice::fixtures::all().into_iter().map(Event::Invoice);
    let payments = payment::fixtures::all().into_iter().map(Event::Payment);
    let billing = legal_entities.chain(customers).chain(all_series).chain(invoices).chain(payments);
    let sales = pipelines.chain(leads).chain(opportunities).chain(imports);
    sales
        .chain(users)
        .chain(sessions)
        .chain(custom_roles)
        .chain(teams)
        .chain(tenants)
        .chain(policies)
        .chain(providers)
        .chain(billing)
        .collect()
}

/// The `number`th id of some kind, the same each time.
pub const fn id<K>(number: u128) -> Id<K> {
    // Version 7, variant 1, at the start of 2026.
    Id::from_uuid(Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0000 + number))
}

/// A day of March 2026.
///
/// # Panics
/// If March has no such day.
pub fn march(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).expect("a day of March")
}

/// Some hour of a day of March 2026, in UTC.
///
/// # Panics
/// If March has no such day, or the day no such hour.
pub fn at(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, 0, 0).single().expect("an hour of March")
}

/// One line of text.
///
/// # Panics
/// If it breaks the rules of [`Text`].
pub fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).expect("valid text")
}

/// Text of several lines.
///
/// # Panics
/// If it breaks the rules of [`Prose`].
pub fn prose<const MAX: usize>(text: &str) -> Prose<MAX> {
    Prose::parse(text).expect("valid prose")
}

/// An e-mail address.
///
/// # Panics
/// If it breaks the rules of [`EmailAddress`].
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("a valid e-mail address")
}

/// A phone number.
///
/// # Panics
/// If it breaks the rules of [`Phone`].
pub fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a valid phone number")
}

/// A percentage, probability or score.
///
/// # Panics
/// If it is above 100.
pub fn percent(value: u8) -> Percent {
    Percent::new(value).expect("at most 100")
}

/// An amount in euros.
///
/// # Panics
/// If it breaks the rules of [`Money`].
pub fn euros(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).expect("a valid amount")
}

/// A key of a custom field.
///
/// # Panics
/// If it breaks the rules of [`FieldKey`].
pub fn key(text: &str) -> FieldKey {
    FieldKey::parse(text).expect("a valid key")
}

/// A value of a custom field that is text.
///
/// # Panics
/// If it breaks the rules of [`Text`].
pub fn custom_text(value: &str) -> CustomValue {
    CustomValue::Text(text(value))
}

/// A value of a custom field that is a number.
///
/// # Panics
/// If it has too many digits.
pub fn custom_number(value: f64) -> CustomValue {
    CustomValue::try_from(serde_json::Value::from(value)).expect("a number of at most 15 digits")
}

/// Custom fields.
///
/// # Panics
/// If there are too many.
pub fn custom<const N: usize>(fields: [(&str, CustomValue); N]) -> CustomFields {
    let fields = fields.into_iter().map(|(name, value)| (key(name), value)).collect();
    CustomFields::new(fields).expect("not too many fields")
}
