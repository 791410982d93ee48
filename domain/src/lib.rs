//! What can happen in the CRM: aggregates, commands, events, value objects, and the rules among them.
//!
//! Job: decide, purely and synchronously, which events a command leads to, and apply events to aggregates.
//! Used by: the command API (decides), projections and the query API (read events and value objects).
//! Never here: I/O, clocks, random ids, axum, sqlx. Time and ids arrive in the command.

pub mod billing;
pub mod change;
pub mod command;
pub mod contact;
pub mod custom;
pub mod event;
pub mod fixtures;
pub mod id;
pub mod identity;
pub mod invalid;
pub mod money;
pub mod percent;
pub mod personal;
pub mod rule;
pub mod sales;
#[cfg(test)]
mod testing;
pub mod text;

pub use change::Change;
pub use command::Command;
pub use contact::{EmailAddress, Phone};
pub use custom::{CustomChanges, CustomFields, CustomPatch, CustomValue, FieldKey, TooManyFields};
pub use event::{DecodeError, Event};
pub use id::{
    ApiKeyId, ClientSecretId, CreditNoteId, CustomRoleId, CustomerId, DocumentId, Id, ImportId, InvoiceId,
    LeadId, LegalEntityId, OpportunityId, PasswordId, PaymentId, PipelineId, ProviderLinkId, RefundId,
    SecondFactorId, SeriesId, SessionId, StageId, TeamId, TenantId, UserId,
};
pub use invalid::Invalid;
pub use money::{Currency, Money};
pub use percent::Percent;
pub use personal::Personal;
pub use rule::{Rule, RuleKind};
pub use text::{Prose, Text};
