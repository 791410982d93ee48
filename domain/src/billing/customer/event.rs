//! What happens to a customer.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::Profile;
use crate::billing::{Address, Country, Language, NetDays, TaxId};
use crate::{Change, Currency, EmailAddress, Personal, Text};

/// An event of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CustomerEvent {
    /// They were taken down.
    Registered(Box<Profile>),
    /// They got another name.
    Renamed {
        /// The old name.
        from: Personal<Text<200>>,
        /// The new name.
        to: Personal<Text<200>>,
    },
    /// They moved.
    Relocated {
        /// Where they are in their country.
        address: Change<Personal<Address>>,
        /// In which country they are.
        country: Change<Country>,
    },
    /// They got other numbers at the tax office.
    TaxIdsChanged {
        /// The old ones.
        from: Personal<Vec<TaxId>>,
        /// The new ones.
        to: Personal<Vec<TaxId>>,
    },
    /// It was agreed how they pay. Invoices that are issued already stay as they are.
    TermsAgreed {
        /// In which currency they are billed.
        currency: Change<Currency>,
        /// Within how many days they pay.
        terms: Change<NetDays>,
    },
    /// They are written to elsewhere, or in another language.
    ContactChanged {
        /// Where invoices go.
        email: Change<Option<Personal<EmailAddress>>>,
        /// In which language.
        language: Change<Language>,
    },
    /// Who they were is erased: the key of all that is personal in their events was destroyed with this one.
    Erased {
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for CustomerEvent {
    fn event_type(&self) -> String {
        format!("customer.{}", <&'static str>::from(self))
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
