//! Bodies of commands on customers.

use domain::billing::customer::Profile;
use domain::billing::{Address, Country, Language, NetDays, TaxId};
use domain::{Currency, EmailAddress, Personal, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::billing::body::{AddressShape, TaxIdShape};
use crate::moment::Moment;
use crate::patch::{clearable, given};

/// A customer to take down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerIn {
    /// Their name, in full.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Ada Lovelace")]
    pub name: Text<200>,
    /// Where they are in their country.
    #[schema(value_type = AddressShape)]
    pub address: Address,
    /// In which country they are.
    #[schema(value_type = String, min_length = 2, max_length = 2, example = "FR")]
    pub country: Country,
    /// How the tax office knows them.
    #[serde(default)]
    #[schema(value_type = Vec<TaxIdShape>, required = false, max_items = 5)]
    pub tax_ids: Vec<TaxId>,
    /// In which currency they are billed.
    #[schema(value_type = String, min_length = 3, max_length = 3, example = "EUR")]
    pub currency: Currency,
    /// Within how many days they pay.
    #[schema(value_type = u16, minimum = 0, maximum = 365, example = 30)]
    pub terms: NetDays,
    /// In which language they are written to.
    #[schema(value_type = String, pattern = "^[a-z]{2}(-[A-Z]{2})?$", example = "fr")]
    pub language: Language,
    /// Where invoices go.
    #[schema(value_type = Option<String>, format = "email", max_length = 254, example = "bills@engines.example")]
    pub email: Option<EmailAddress>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a customer: fields that are left out stay, null empties a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPatch {
    /// Their name, in full.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Ada Lovelace")]
    pub name: Option<Text<200>>,
    /// Where they are in their country.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = AddressShape, required = false)]
    pub address: Option<Address>,
    /// In which country they are.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 2, example = "FR")]
    pub country: Option<Country>,
    /// All numbers at tax offices from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<TaxIdShape>, required = false, max_items = 5)]
    pub tax_ids: Option<Vec<TaxId>>,
    /// In which currency they are billed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 3, max_length = 3, example = "GBP")]
    pub currency: Option<Currency>,
    /// Within how many days they pay.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u16, required = false, minimum = 0, maximum = 365, example = 14)]
    pub terms: Option<NetDays>,
    /// In which language they are written to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, pattern = "^[a-z]{2}(-[A-Z]{2})?$", example = "en-GB")]
    pub language: Option<Language>,
    /// Where invoices go.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, format = "email", max_length = 254, example = "bills@engines.example")]
    pub email: Option<Option<EmailAddress>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl From<CustomerIn> for Profile {
    fn from(sent: CustomerIn) -> Self {
        let CustomerIn { name, address, country, tax_ids, currency, terms, language, email, occurred_at: _ } =
            sent;
        Self {
            name: name.into(),
            address: address.into(),
            country,
            tax_ids: tax_ids.into(),
            currency,
            terms,
            language,
            email: email.map(Personal::new),
        }
    }
}
