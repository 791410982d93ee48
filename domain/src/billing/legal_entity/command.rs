//! What can be asked of a legal entity.

use super::Seller;
use crate::billing::{Address, Country, TaxId};
use crate::{Command, Text};

/// An action on a legal entity, with its times.
pub type LegalEntityCommand = Command<LegalEntityAction>;

/// What to do with a legal entity.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LegalEntityAction {
    /// Take it down.
    Register(Box<Seller>),
    /// Give it another name.
    Rename {
        /// Its name from now on.
        name: Text<200>,
    },
    /// Have it be somewhere else.
    Relocate {
        /// Where.
        address: Address,
        /// In which country.
        country: Country,
    },
    /// Give it other numbers at the tax office.
    ChangeTaxIds {
        /// All of them.
        tax_ids: Vec<TaxId>,
    },
}
