//! Bodies of commands on legal entities.

use domain::billing::legal_entity::Seller;
use domain::billing::{Address, Country, TaxId};
use domain::{Currency, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::billing::body::{AddressShape, TaxIdShape};
use crate::moment::Moment;
use crate::patch::given;

/// A company to take down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalEntityIn {
    /// The name in the register.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Example Engines GmbH")]
    pub name: Text<200>,
    /// Where it is in its country.
    #[schema(value_type = AddressShape)]
    pub address: Address,
    /// In which country it is.
    #[schema(value_type = String, min_length = 2, max_length = 2, example = "DE")]
    pub country: Country,
    /// How the tax office knows it.
    #[serde(default)]
    #[schema(value_type = Vec<TaxIdShape>, required = false, max_items = 5)]
    pub tax_ids: Vec<TaxId>,
    /// The currency of its books.
    #[schema(value_type = String, min_length = 3, max_length = 3, example = "EUR")]
    pub currency: Currency,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What to change about a company: fields that are left out stay.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalEntityPatch {
    /// The name in the register.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "Example Engines SE")]
    pub name: Option<Text<200>>,
    /// Where it is in its country.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = AddressShape, required = false)]
    pub address: Option<Address>,
    /// In which country it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 2, example = "AT")]
    pub country: Option<Country>,
    /// All numbers at tax offices from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<TaxIdShape>, required = false, max_items = 5)]
    pub tax_ids: Option<Vec<TaxId>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl From<LegalEntityIn> for Seller {
    fn from(sent: LegalEntityIn) -> Self {
        let LegalEntityIn { name, address, country, tax_ids, currency, occurred_at: _ } = sent;
        Self { name, address, country, tax_ids, currency }
    }
}
