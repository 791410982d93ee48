//! Any event of any aggregate, for readers of the whole log.

use cqrs_es::{Aggregate, DomainEvent};
use serde_json::Value;

use crate::billing::customer::{Customer, CustomerEvent};
use crate::billing::invoice::{Invoice, InvoiceEvent};
use crate::billing::legal_entity::{LegalEntity, LegalEntityEvent};
use crate::billing::payment::{Payment, PaymentEvent};
use crate::billing::series::{Series, SeriesEvent};
use crate::identity::custom_role::{CustomRole, CustomRoleEvent};
use crate::identity::policy::{Policy, PolicyEvent};
use crate::identity::provider::{Provider, ProviderEvent};
use crate::identity::session::{Session, SessionEvent};
use crate::identity::team::{Team, TeamEvent};
use crate::identity::tenant::{Tenant, TenantEvent};
use crate::identity::user::{User, UserEvent};
use crate::sales::import::{Import, ImportEvent};
use crate::sales::lead::{Lead, LeadEvent};
use crate::sales::opportunity::{Opportunity, OpportunityEvent};
use crate::sales::pipeline::{Pipeline, PipelineEvent};

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Of a pipeline.
    Pipeline(PipelineEvent),
    /// Of a lead.
    Lead(LeadEvent),
    /// Of an opportunity.
    Opportunity(OpportunityEvent),
    /// Of a run of a file import.
    Import(ImportEvent),
    /// Of a user's account.
    User(UserEvent),
    /// Of a session of a user.
    Session(SessionEvent),
    /// Of a role that a tenant has defined.
    CustomRole(CustomRoleEvent),
    /// Of a team.
    Team(TeamEvent),
    /// Of a tenant itself.
    Tenant(TenantEvent),
    /// Of what a tenant asks of its users.
    Policy(PolicyEvent),
    /// Of the OpenID provider of a tenant.
    Provider(ProviderEvent),
    /// Of a company that issues invoices.
    LegalEntity(LegalEntityEvent),
    /// Of whoever is billed.
    Customer(CustomerEvent),
    /// Of a series of numbers.
    Series(SeriesEvent),
    /// Of an invoice.
    Invoice(InvoiceEvent),
    /// Of a payment of a customer.
    Payment(PaymentEvent),
}

/// Why a stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// This build knows no such aggregate.
    #[error("there is no aggregate of type {0:?}")]
    UnknownAggregate(String),
    /// The payload is no event of this aggregate.
    #[error("the payload is no event of aggregate type {aggregate_type:?}")]
    Malformed {
        /// The aggregate type it was read as.
        aggregate_type: &'static str,
        /// Where it does not fit.
        source: serde_json::Error,
    },
}

impl Event {
    /// Reads a payload as it is stored, `{"type": …, "data": {…}}`, already of the newest version.
    ///
    /// # Errors
    /// [`DecodeError`]; an unknown type of event is malformed.
    pub fn decode(aggregate_type: &str, payload: Value) -> Result<Self, DecodeError> {
        fn read<A: Aggregate>(payload: Value) -> Result<A::Event, DecodeError> {
            serde_json::from_value(payload)
                .map_err(|source| DecodeError::Malformed { aggregate_type: A::TYPE, source })
        }
        match aggregate_type {
            Pipeline::TYPE => read::<Pipeline>(payload).map(Self::Pipeline),
            Lead::TYPE => read::<Lead>(payload).map(Self::Lead),
            Opportunity::TYPE => read::<Opportunity>(payload).map(Self::Opportunity),
            Import::TYPE => read::<Import>(payload).map(Self::Import),
            User::TYPE => read::<User>(payload).map(Self::User),
            Session::TYPE => read::<Session>(payload).map(Self::Session),
            CustomRole::TYPE => read::<CustomRole>(payload).map(Self::CustomRole),
            Team::TYPE => read::<Team>(payload).map(Self::Team),
            Tenant::TYPE => read::<Tenant>(payload).map(Self::Tenant),
            Policy::TYPE => read::<Policy>(payload).map(Self::Policy),
            Provider::TYPE => read::<Provider>(payload).map(Self::Provider),
            LegalEntity::TYPE => read::<LegalEntity>(payload).map(Self::LegalEntity),
            Customer::TYPE => read::<Customer>(payload).map(Self::Customer),
            Series::TYPE => read::<Series>(payload).map(Self::Series),
            Invoice::TYPE => read::<Invoice>(payload).map(Self::Invoice),
            Payment::TYPE => read::<Payment>(payload).map(Self::Payment),
            unknown => Err(DecodeError::UnknownAggregate(unknown.to_owned())),
        }
    }

    /// The payload as it is stored.
    ///
    /// # Errors
    /// None that is known; serialisation is fallible by signature.
    pub fn encode(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Pipeline(event) => serde_json::to_value(event),
            Self::Lead(event) => serde_json::to_value(event),
            Self::Opportunity(event) => serde_json::to_value(event),
            Self::Import(event) => serde_json::to_value(event),
            Self::User(event) => serde_json::to_value(event),
            Self::Session(event) => serde_json::to_value(event),
            Self::CustomRole(event) => serde_json::to_value(event),
            Self::Team(event) => serde_json::to_value(event),
            Self::Tenant(event) => serde_json::to_value(event),
            Self::Policy(event) => serde_json::to_value(event),
            Self::Provider(event) => serde_json::to_value(event),
            Self::LegalEntity(event) => serde_json::to_value(event),
            Self::Customer(event) => serde_json::to_value(event),
            Self::Series(event) => serde_json::to_value(event),
            Self::Invoice(event) => serde_json::to_value(event),
            Self::Payment(event) => serde_json::to_value(event),
        }
    }

    /// The type of the aggregate, such as `sales.opportunity`.
    pub const fn aggregate_type(&self) -> &'static str {
        match self {
            Self::Pipeline(_) => Pipeline::TYPE,
            Self::Lead(_) => Lead::TYPE,
            Self::Opportunity(_) => Opportunity::TYPE,
            Self::Import(_) => Import::TYPE,
            Self::User(_) => User::TYPE,
            Self::Session(_) => Session::TYPE,
            Self::CustomRole(_) => CustomRole::TYPE,
            Self::Team(_) => Team::TYPE,
            Self::Tenant(_) => Tenant::TYPE,
            Self::Policy(_) => Policy::TYPE,
            Self::Provider(_) => Provider::TYPE,
            Self::LegalEntity(_) => LegalEntity::TYPE,
            Self::Customer(_) => Customer::TYPE,
            Self::Series(_) => Series::TYPE,
            Self::Invoice(_) => Invoice::TYPE,
            Self::Payment(_) => Payment::TYPE,
        }
    }

    /// The type of the event, such as `opportunity.moved`.
    pub fn event_type(&self) -> String {
        match self {
            Self::Pipeline(event) => event.event_type(),
            Self::Lead(event) => event.event_type(),
            Self::Opportunity(event) => event.event_type(),
            Self::Import(event) => event.event_type(),
            Self::User(event) => event.event_type(),
            Self::Session(event) => event.event_type(),
            Self::CustomRole(event) => event.event_type(),
            Self::Team(event) => event.event_type(),
            Self::Tenant(event) => event.event_type(),
            Self::Policy(event) => event.event_type(),
            Self::Provider(event) => event.event_type(),
            Self::LegalEntity(event) => event.event_type(),
            Self::Customer(event) => event.event_type(),
            Self::Series(event) => event.event_type(),
            Self::Invoice(event) => event.event_type(),
            Self::Payment(event) => event.event_type(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_comes_back_as_it_was_stored() {
        for event in crate::fixtures::all() {
            let decoded = Event::decode(event.aggregate_type(), event.encode().unwrap()).unwrap();
            assert_eq!(decoded, event);
            let (_context, aggregate) = event.aggregate_type().split_once('.').unwrap();
            assert!(event.event_type().starts_with(&format!("{aggregate}.")));
        }
    }

    #[test]
    fn an_unknown_aggregate_is_named() {
        let error = Event::decode("invoice", json!({})).unwrap_err();
        assert!(matches!(&error, DecodeError::UnknownAggregate(name) if name == "invoice"), "{error}");
    }

    #[test]
    fn an_unknown_event_is_malformed() {
        let error = Event::decode("sales.lead", json!({"type": "vanished", "data": {}})).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { aggregate_type: "sales.lead", .. }), "{error}");
    }
}
