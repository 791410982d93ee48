//! `billing_customer_list`: whoever is billed.

use chrono::{DateTime, Utc};
use domain::billing::customer::CustomerEvent;
use domain::billing::{Address, Country, Language, NetDays, TaxId};
use domain::{Currency, CustomerId, EmailAddress, Event, Personal, Text};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::CUSTOMER;
use crate::erased;
use crate::projection::{Fact, FoldError, Projection, existing};

/// A customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// Their id.
    pub id: CustomerId,
    /// Their name, in full.
    pub name: Personal<Text<200>>,
    /// Where they are in their country; none once that was erased.
    pub address: Option<Personal<Address>>,
    /// In which country they are.
    pub country: Country,
    /// How the tax office knows them; none once that was erased.
    pub tax_ids: Option<Personal<Vec<TaxId>>>,
    /// In which currency they are billed.
    pub currency: Currency,
    /// Within how many days they pay.
    pub terms: NetDays,
    /// In which language they are written to.
    pub language: Language,
    /// Where invoices go.
    pub email: Option<Personal<EmailAddress>>,
    /// When they were taken down.
    pub registered_at: DateTime<Utc>,
    /// When who they are was erased, if that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
    /// When they were last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The sequence of their last event.
    pub version: i64,
}

/// The read model.
pub struct CustomerList;

/// What is left of it: nothing, once its key was destroyed.
fn known<T: Clone>(value: &Personal<T>) -> Option<Personal<T>> {
    value.reveal().cloned().map(Personal::new)
}

impl Projection for CustomerList {
    type Row = CustomerRow;
    const NAME: &'static str = "billing_customer_list";
    const READS: &'static [&'static str] = &[CUSTOMER];

    fn keys(fact: &Fact) -> Vec<Uuid> {
        vec![fact.aggregate_id]
    }

    fn apply(row: &mut Option<CustomerRow>, key: Uuid, fact: &Fact) -> Result<(), FoldError> {
        let Event::Customer(event) = &fact.payload else { return Ok(()) };
        if let CustomerEvent::Registered(profile) = event {
            *row = Some(CustomerRow {
                id: CustomerId::from_uuid(key),
                name: profile.name.clone().or_else(erased::text),
                address: known(&profile.address),
                country: profile.country,
                tax_ids: known(&profile.tax_ids),
                currency: profile.currency,
                terms: profile.terms,
                language: profile.language.clone(),
                email: profile.email.as_ref().and_then(known),
                registered_at: fact.metadata.occurred_at,
                erased_at: None,
                updated_at: fact.recorded_at,
                version: fact.sequence,
            });
            return Ok(());
        }
        let customer = existing(row, key, fact)?;
        match event {
            CustomerEvent::Registered(_) => {}
            CustomerEvent::Renamed { to, .. } => customer.name = to.clone().or_else(erased::text),
            CustomerEvent::Relocated { address, country } => {
                customer.address = known(&address.to);
                customer.country = country.to;
            }
            CustomerEvent::TaxIdsChanged { to, .. } => customer.tax_ids = known(to),
            CustomerEvent::TermsAgreed { currency, terms } => {
                customer.currency = currency.to;
                customer.terms = terms.to;
            }
            CustomerEvent::ContactChanged { email, language } => {
                customer.email = email.to.as_ref().and_then(known);
                customer.language = language.to.clone();
            }
            CustomerEvent::Erased { at } => {
                customer.name = Personal::erased().or_else(erased::text);
                customer.address = None;
                customer.tax_ids = None;
                customer.email = None;
                customer.erased_at = Some(*at);
            }
        }
        customer.updated_at = fact.recorded_at;
        customer.version = fact.sequence;
        Ok(())
    }
}
