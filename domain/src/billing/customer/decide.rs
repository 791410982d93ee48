//! What a command on a customer leads to.

use chrono::{DateTime, Utc};

use super::{Customer, CustomerAction, CustomerCommand, CustomerError, CustomerEvent, Profile};
use crate::Change;
use crate::billing::TaxId;
use crate::billing::party::MAX_TAX_IDS;

impl Customer {
    /// The events that a command leads to; none if nothing changes.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerError> {
        command.not_in_future(CustomerError::OccurredInFuture)?;
        command.not_too_early(CustomerError::OccurredTooEarly)?;
        let at = command.business_time(None);
        let event = match (self, command.action) {
            (Self::Unborn, CustomerAction::Register(profile)) => {
                not_too_many(profile.tax_ids.reveal())?;
                Some(CustomerEvent::Registered(profile))
            }
            (Self::Registered(_) | Self::Erased, CustomerAction::Register(_)) => {
                return Err(CustomerError::AlreadyExists);
            }
            (Self::Unborn, _) => return Err(CustomerError::NotFound),
            (Self::Erased, CustomerAction::Erase) => None,
            (Self::Erased, _) => return Err(CustomerError::Erased),
            (Self::Registered(profile), action) => profile.change(action, at)?,
        };
        Ok(event.into_iter().collect())
    }
}

impl Profile {
    fn change(
        &self,
        action: CustomerAction,
        at: DateTime<Utc>,
    ) -> Result<Option<CustomerEvent>, CustomerError> {
        let event = match action {
            CustomerAction::Register(_) => return Err(CustomerError::AlreadyExists),
            CustomerAction::Rename { name } => {
                let from = self.name.clone();
                (from != name).then_some(CustomerEvent::Renamed { from, to: name })
            }
            CustomerAction::Relocate { address, country } => {
                let (address, country) = (change(&self.address, address), change(&self.country, country));
                let moved = differs(&address) || differs(&country);
                moved.then_some(CustomerEvent::Relocated { address, country })
            }
            CustomerAction::ChangeTaxIds { tax_ids } => {
                not_too_many(tax_ids.reveal())?;
                let from = self.tax_ids.clone();
                (from != tax_ids).then_some(CustomerEvent::TaxIdsChanged { from, to: tax_ids })
            }
            CustomerAction::AgreeTerms { currency, terms } => {
                let (currency, terms) = (change(&self.currency, currency), change(&self.terms, terms));
                let other = differs(&currency) || differs(&terms);
                other.then_some(CustomerEvent::TermsAgreed { currency, terms })
            }
            CustomerAction::ChangeContact { email, language } => {
                let (email, language) = (change(&self.email, email), change(&self.language, language));
                let other = differs(&email) || differs(&language);
                other.then_some(CustomerEvent::ContactChanged { email, language })
            }
            CustomerAction::Erase => Some(CustomerEvent::Erased { at }),
        };
        Ok(event)
    }
}

fn change<T: Clone>(from: &T, to: T) -> Change<T> {
    Change { from: from.clone(), to }
}

fn differs<T: PartialEq>(change: &Change<T>) -> bool {
    change.from != change.to
}

fn not_too_many(tax_ids: Option<&Vec<TaxId>>) -> Result<(), CustomerError> {
    if tax_ids.is_some_and(|ids| ids.len() > MAX_TAX_IDS) {
        Err(CustomerError::TooManyTaxIds)
    } else {
        Ok(())
    }
}
