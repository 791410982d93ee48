//! Bodies of commands on payments.

use std::collections::BTreeSet;

use domain::billing::payment::{Method, Receipt};
use domain::{CustomerId, InvoiceId, LegalEntityId, Money, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Applications;
use crate::CommandError;
use crate::billing::body::MethodShape;
use crate::moment::{Day, Moment};
use crate::sales::body::MoneyShape;

/// Most invoices that a body names.
const MAX_NAMED: usize = 50;

/// A payment to record.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentIn {
    /// Who received it.
    #[schema(value_type = uuid::Uuid)]
    pub legal_entity_id: LegalEntityId,
    /// Who paid.
    #[schema(value_type = uuid::Uuid)]
    pub customer_id: CustomerId,
    /// How much; above 0.
    #[schema(value_type = MoneyShape)]
    pub amount: Money,
    /// On which day it was there. Never in the future.
    pub received_on: Day,
    /// How it came.
    #[schema(value_type = MethodShape)]
    pub method: Method,
    /// What the payer wrote on it. Invoices whose numbers stand in it are settled first.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "INV-2026-00042")]
    pub reference: Option<Text<200>>,
    /// Which invoices it settles; `automatic` if left out.
    #[serde(default)]
    #[schema(required = false)]
    pub apply: ApplyMode,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Which invoices a new payment settles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplyMode {
    /// Those whose numbers the payer wrote on it, then those that were due first.
    #[default]
    Automatic,
    /// None yet.
    None,
}

/// Which invoices a payment is to settle.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyIn {
    /// These, each once; those that were due first if left out.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub invoices: Option<Vec<ApplicationIn>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What of a payment is to settle an invoice.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationIn {
    /// The invoice.
    #[schema(value_type = uuid::Uuid)]
    pub invoice_id: InvoiceId,
    /// How much; as much as the invoice takes and the payment has if left out.
    #[schema(value_type = Option<MoneyShape>)]
    pub amount: Option<Money>,
}

/// Which invoices a payment is to settle no longer.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnapplyIn {
    /// These; all if left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>, required = false, max_items = 500)]
    pub invoice_ids: Option<BTreeSet<InvoiceId>>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// What of a payment is given back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundIn {
    /// How much; all that is left if left out.
    #[schema(value_type = Option<MoneyShape>)]
    pub amount: Option<Money>,
    /// On which day it went. Never in the future.
    pub refunded_on: Day,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

/// Why a payment is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseIn {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 500, example = "The bank drew it back")]
    pub reason: Text<500>,
    /// When it happened, if not now. Never in the future.
    pub occurred_at: Option<Moment>,
}

impl PaymentIn {
    /// What it says, in the words of the domain, and whether it settles invoices.
    pub fn parts(self) -> (Receipt, ApplyMode) {
        let Self { legal_entity_id, customer_id, amount, received_on, method, reference, apply, .. } = self;
        let receipt = Receipt {
            legal_entity: legal_entity_id,
            customer: customer_id,
            amount,
            received_on: received_on.get(),
            method,
            reference: reference.map(Into::into),
        };
        (receipt, apply)
    }
}

impl TryFrom<ApplyIn> for Applications {
    type Error = CommandError;

    fn try_from(sent: ApplyIn) -> Result<Self, CommandError> {
        let Some(invoices) = sent.invoices else { return Ok(Self::Automatic) };
        let ids: BTreeSet<InvoiceId> = invoices.iter().map(|one| one.invoice_id).collect();
        if invoices.is_empty() || invoices.len() > MAX_NAMED || ids.len() < invoices.len() {
            return Err(CommandError::field("invoices", "must name 1 to 50 invoices, each once"));
        }
        Ok(Self::Named(invoices.into_iter().map(|one| (one.invoice_id, one.amount)).collect()))
    }
}
