//! The legal entity: state, decisions, and what events make of it.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

use super::{LegalEntityAction, LegalEntityCommand, LegalEntityError, LegalEntityEvent};
use crate::billing::party::MAX_TAX_IDS;
use crate::billing::{Address, Country, TaxId};
use crate::{Change, Currency, Text};

/// A legal entity, as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum LegalEntity {
    /// Not registered yet.
    #[default]
    Unborn,
    /// In business.
    Registered(Box<Seller>),
}

/// A company as its invoices show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seller {
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
}

impl LegalEntity {
    /// The company, once it is registered.
    pub fn seller(&self) -> Option<&Seller> {
        match self {
            Self::Unborn => None,
            Self::Registered(seller) => Some(seller),
        }
    }

    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: LegalEntityCommand) -> Result<Vec<LegalEntityEvent>, LegalEntityError> {
        command.not_in_future(LegalEntityError::OccurredInFuture)?;
        command.not_too_early(LegalEntityError::OccurredTooEarly)?;
        let event = match (self, command.action) {
            (Self::Unborn, LegalEntityAction::Register(seller)) => {
                not_too_many(&seller.tax_ids)?;
                Some(LegalEntityEvent::Registered(seller))
            }
            (Self::Registered(_), LegalEntityAction::Register(_)) => {
                return Err(LegalEntityError::AlreadyExists);
            }
            (Self::Unborn, _) => return Err(LegalEntityError::NotFound),
            (Self::Registered(seller), LegalEntityAction::Rename { name }) => {
                let from = seller.name.clone();
                (from != name).then_some(LegalEntityEvent::Renamed { from, to: name })
            }
            (Self::Registered(seller), LegalEntityAction::Relocate { address, country }) => {
                let (from, at) = (seller.address.clone(), seller.country);
                let moved = from != address || at != country;
                moved.then_some(LegalEntityEvent::Relocated {
                    address: Change { from, to: address },
                    country: Change { from: at, to: country },
                })
            }
            (Self::Registered(seller), LegalEntityAction::ChangeTaxIds { tax_ids }) => {
                not_too_many(&tax_ids)?;
                let from = seller.tax_ids.clone();
                (from != tax_ids).then_some(LegalEntityEvent::TaxIdsChanged { from, to: tax_ids })
            }
        };
        Ok(event.into_iter().collect())
    }
}

fn not_too_many(tax_ids: &[TaxId]) -> Result<(), LegalEntityError> {
    if tax_ids.len() > MAX_TAX_IDS { Err(LegalEntityError::TooManyTaxIds) } else { Ok(()) }
}

impl Aggregate for LegalEntity {
    const TYPE: &'static str = "billing.legal_entity";
    type Command = LegalEntityCommand;
    type Event = LegalEntityEvent;
    type Error = LegalEntityError;
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
        match (self, event) {
            (entity, LegalEntityEvent::Registered(seller)) => *entity = Self::Registered(seller),
            (Self::Registered(seller), LegalEntityEvent::Renamed { to, .. }) => seller.name = to,
            (Self::Registered(seller), LegalEntityEvent::Relocated { address, country }) => {
                seller.address = address.to;
                seller.country = country.to;
            }
            (Self::Registered(seller), LegalEntityEvent::TaxIdsChanged { to, .. }) => seller.tax_ids = to,
            // Only one that is registered has further events; the log cannot hold others.
            (
                Self::Unborn,
                LegalEntityEvent::Renamed { .. }
                | LegalEntityEvent::Relocated { .. }
                | LegalEntityEvent::TaxIdsChanged { .. },
            ) => {}
        }
    }
}
