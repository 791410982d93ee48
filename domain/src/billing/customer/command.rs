//! What can be asked of a customer.

use super::Profile;
use crate::billing::{Address, Country, Language, NetDays, TaxId};
use crate::{Command, Currency, EmailAddress, Personal, Text};

/// An action on a customer, with its times.
pub type CustomerCommand = Command<CustomerAction>;

/// What to do with a customer.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CustomerAction {
    /// Take them down.
    Register(Box<Profile>),
    /// Give them another name.
    Rename {
        /// Their name from now on.
        name: Personal<Text<200>>,
    },
    /// Have them be somewhere else.
    Relocate {
        /// Where.
        address: Personal<Address>,
        /// In which country.
        country: Country,
    },
    /// Give them other numbers at the tax office.
    ChangeTaxIds {
        /// All of them.
        tax_ids: Personal<Vec<TaxId>>,
    },
    /// Agree on how they pay.
    AgreeTerms {
        /// In which currency they are billed.
        currency: Currency,
        /// Within how many days they pay.
        terms: NetDays,
    },
    /// Write to them elsewhere, or in another language.
    ChangeContact {
        /// Where invoices go.
        email: Option<Personal<EmailAddress>>,
        /// In which language.
        language: Language,
    },
    /// Erase who they are, for good. The caller destroys the key in the same append. Documents that were issued to them have keys
    /// of their own, since they are kept for as long as the law asks for.
    Erase,
}
