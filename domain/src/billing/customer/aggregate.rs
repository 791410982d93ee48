//! The customer: what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{CustomerCommand, CustomerError, CustomerEvent};
use crate::billing::{Address, Country, Language, NetDays, TaxId};
use crate::{Currency, EmailAddress, Personal, Text};

/// A customer, as their events made them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Customer {
    /// Not registered yet.
    #[default]
    Unborn,
    /// Somebody who can be billed.
    Registered(Box<Profile>),
    /// Nobody knows any more who it was.
    Erased,
}

/// What an invoice takes to know of whoever is billed. They may be people, so who they are is personal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Their name, in full.
    pub name: Personal<Text<200>>,
    /// Where they are in their country.
    pub address: Personal<Address>,
    /// In which country they are.
    pub country: Country,
    /// How the tax office knows them.
    pub tax_ids: Personal<Vec<TaxId>>,
    /// In which currency they are billed.
    pub currency: Currency,
    /// Within how many days they pay.
    pub terms: NetDays,
    /// In which language they are written to.
    pub language: Language,
    /// Where invoices go.
    pub email: Option<Personal<EmailAddress>>,
}

impl Customer {
    /// What is known of them.
    ///
    /// # Errors
    /// [`CustomerError::NotFound`], [`CustomerError::Erased`].
    pub fn profile(&self) -> Result<&Profile, CustomerError> {
        match self {
            Self::Unborn => Err(CustomerError::NotFound),
            Self::Registered(profile) => Ok(profile),
            Self::Erased => Err(CustomerError::Erased),
        }
    }
}

impl Aggregate for Customer {
    const TYPE: &'static str = "billing.customer";
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Error = CustomerError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        _: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        if let CustomerEvent::Registered(profile) = event {
            *self = Self::Registered(profile);
            return;
        }
        // Only one who is registered has further events; the log cannot hold others.
        let Self::Registered(profile) = self else { return };
        match event {
            CustomerEvent::Registered(_) => {}
            CustomerEvent::Renamed { to, .. } => profile.name = to,
            CustomerEvent::Relocated { address, country } => {
                profile.address = address.to;
                profile.country = country.to;
            }
            CustomerEvent::TaxIdsChanged { to, .. } => profile.tax_ids = to,
            CustomerEvent::TermsAgreed { currency, terms } => {
                profile.currency = currency.to;
                profile.terms = terms.to;
            }
            CustomerEvent::ContactChanged { email, language } => {
                profile.email = email.to;
                profile.language = language.to;
            }
            CustomerEvent::Erased { .. } => *self = Self::Erased,
        }
    }
}
