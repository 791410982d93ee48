//! Billing: legal entities, customers, series of numbers, invoices, credit notes, and payments.

mod account;
mod credit_note;
mod customer_list;
mod e_invoice;
mod invoice_document;
mod invoice_list;
mod legal_entity_list;
mod links;
mod payment_list;
mod series_list;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::QueryApi;

pub use account::{AccountEntry, AccountStatement, CustomerAccount};
pub use credit_note::{CreditNote, CreditNoteDocument};
pub use customer_list::BillingCustomer;
pub use invoice_document::InvoiceDocument;
pub use invoice_list::{AppliedPayment, CreditNoteOf, Invoice, InvoiceTotals};
pub use legal_entity_list::LegalEntity;
pub use payment_list::{Payment, PaymentRefund, SettledInvoice};
pub use series_list::InvoiceSeries;

/// The routes of this context.
pub(crate) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new()
        .merge(legal_entity_list::router())
        .merge(customer_list::router())
        .merge(series_list::router())
        .merge(invoice_list::router())
        .merge(invoice_document::router())
        .merge(payment_list::router())
        .merge(credit_note::router())
        .merge(e_invoice::router())
        .merge(account::router())
}

/// Where in its country somebody is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostalAddress {
    /// Street and number, or a box.
    #[schema(example = "Engine Street 1")]
    pub street: Option<String>,
    /// What else it takes to find the place.
    pub addition: Option<String>,
    /// The postal code.
    #[schema(example = "10115")]
    pub postal_code: Option<String>,
    /// The city.
    #[schema(example = "Berlin")]
    pub city: String,
    /// The region, in countries whose addresses have one.
    pub region: Option<String>,
}

/// A number by which a tax office knows somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaxNumber {
    /// `vat` for value added tax, `registration` for that of a local office.
    #[schema(example = "vat")]
    pub kind: String,
    /// The number.
    #[schema(example = "DE123456789")]
    pub value: String,
}
