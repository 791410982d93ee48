//! Ids: a UUID with the kind of thing it names in its type, so that a lead's id is no deal's id.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::Invalid;

/// The id of a thing of kind `K`: a UUID (version 7 for things made here), a plain string in JSON.
///
/// The domain never draws ids; they arrive in commands.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// The kinds of things that have ids. Never constructed.
pub mod kind {
    /// A company that rents the portal.
    pub enum Tenant {}
    /// A pipeline of stages.
    pub enum Pipeline {}
    /// A stage of a pipeline.
    pub enum Stage {}
    /// A lead.
    pub enum Lead {}
    /// An opportunity, also called a deal.
    pub enum Opportunity {}
    /// A run of a file import.
    pub enum Import {}
    /// A user of a tenant.
    pub enum User {}
    /// A sign-in of a user on a device.
    pub enum Session {}
    /// A password of a user, which is replaced but never changed.
    pub enum Password {}
    /// A role that a tenant has defined.
    pub enum CustomRole {}
    /// A team of users.
    pub enum Team {}
    /// A second factor of a user, which is replaced but never changed.
    pub enum SecondFactor {}
    /// A key by which programs act for a user.
    pub enum ApiKey {}
    /// A secret that the portal shows to a provider, which is replaced but never changed.
    pub enum ClientSecret {}
    /// Whom a provider knows a user as.
    pub enum ProviderLink {}
    /// A company that issues invoices.
    pub enum LegalEntity {}
    /// Whoever is billed.
    pub enum Customer {}
    /// A series of numbers of invoices.
    pub enum Series {}
    /// An invoice.
    pub enum Invoice {}
    /// Whatever has a number of a series.
    pub enum Document {}
    /// A payment of a customer.
    pub enum Payment {}
    /// A repayment to a customer.
    pub enum Refund {}
    /// A credit note.
    pub enum CreditNote {}
}

/// The id of a tenant.
pub type TenantId = Id<kind::Tenant>;
/// The id of a pipeline.
pub type PipelineId = Id<kind::Pipeline>;
/// The id of a stage, unique in the tenant, not only in its pipeline.
pub type StageId = Id<kind::Stage>;
/// The id of a lead.
pub type LeadId = Id<kind::Lead>;
/// The id of an opportunity.
pub type OpportunityId = Id<kind::Opportunity>;
/// The id of a run of a file import.
pub type ImportId = Id<kind::Import>;
/// The id of a user, which is the `sub` of the user's tokens.
pub type UserId = Id<kind::User>;
/// The id of a session.
pub type SessionId = Id<kind::Session>;
/// The id of a password: of the row that holds its hash, which no event does.
pub type PasswordId = Id<kind::Password>;
/// The id of a role that a tenant has defined.
pub type CustomRoleId = Id<kind::CustomRole>;
/// The id of a team.
pub type TeamId = Id<kind::Team>;
/// The id of a second factor: of the row that holds its secret, which no event does.
pub type SecondFactorId = Id<kind::SecondFactor>;
/// The id of a key: of the row that holds its digest, which no event does.
pub type ApiKeyId = Id<kind::ApiKey>;
/// The id of a client secret: of the row that holds it, which no event does.
pub type ClientSecretId = Id<kind::ClientSecret>;
/// The id of a link to a provider's user: of the row that holds the digest of who that is, which no event does.
pub type ProviderLinkId = Id<kind::ProviderLink>;
/// The id of a company that issues invoices.
pub type LegalEntityId = Id<kind::LegalEntity>;
/// The id of whoever is billed.
pub type CustomerId = Id<kind::Customer>;
/// The id of a series of numbers.
pub type SeriesId = Id<kind::Series>;
/// The id of an invoice, which it has before it has a number.
pub type InvoiceId = Id<kind::Invoice>;
/// The id of an invoice, or of whatever else has a number of a series.
pub type DocumentId = Id<kind::Document>;
/// The id of a payment of a customer.
pub type PaymentId = Id<kind::Payment>;
/// The id of a repayment to a customer, of what is left of a payment.
pub type RefundId = Id<kind::Refund>;
/// The id of a credit note, whose events are those of its invoice.
pub type CreditNoteId = Id<kind::CreditNote>;

impl<K> Id<K> {
    /// Says that `uuid` names a thing of this kind.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The bare UUID.
    pub const fn as_uuid(self) -> Uuid {
        self.uuid
    }

    /// Parses the usual text form of a UUID.
    ///
    /// # Errors
    /// [`Invalid::NotAnId`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| Invalid::NotAnId)
    }
}

// Written out, not derived: a derive would ask the same of `K`.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}

impl<K> FromStr for Id<K> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<K> TryFrom<&str> for Id<K> {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl<K> From<Uuid> for Id<K> {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}
impl<K> From<Id<K>> for Uuid {
    fn from(id: Id<K>) -> Self {
        id.uuid
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.uuid.serialize(serializer)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::invalid::string(Value::deserialize(deserializer)?);
        text.and_then(|text| Self::parse(&text)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn an_id_is_a_plain_string_in_json() {
        let id: LeadId = TEXT.parse().unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{TEXT}\""));
        assert_eq!(serde_json::from_str::<LeadId>(&json).unwrap(), id);
    }

    #[test]
    fn an_id_that_is_no_uuid_is_refused_in_a_plain_sentence() {
        let error = serde_json::from_str::<LeadId>("\"17\"").unwrap_err();
        assert!(error.to_string().starts_with("must be a UUID"), "{error}");
    }

    #[test]
    fn ids_serve_as_keys_of_json_objects() {
        let map = std::collections::BTreeMap::from([(StageId::parse(TEXT).unwrap(), 1)]);
        let json = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<std::collections::BTreeMap<StageId, i32>>(&json).unwrap(), map);
    }
}
