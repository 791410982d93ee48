//! Commands of billing: legal entities, customers, series of numbers, invoices, and payments.
//!
//! Each noun has its routes in its own file, which are one-liners over the functions that it exports for callers in
//! process.

mod account;
mod aggregates;
pub mod body;
pub mod customer;
pub mod invoice;
pub mod legal_entity;
pub mod payment;
pub mod permission;
pub mod series;

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{CommandApi, CommandError};

/// Where legal entities are.
pub const LEGAL_ENTITIES: &str = "/api/v1/legal-entities";
/// Where customers are.
pub const CUSTOMERS: &str = "/api/v1/billing-customers";
/// Where series are.
pub const SERIES: &str = "/api/v1/invoice-series";
/// Where invoices are.
pub const INVOICES: &str = "/api/v1/invoices";
/// Where credit notes are.
pub const CREDIT_NOTES: &str = "/api/v1/credit-notes";
/// Where payments are.
pub const PAYMENTS: &str = "/api/v1/payments";

/// The routes.
pub fn router() -> OpenApiRouter<CommandApi> {
    OpenApiRouter::new()
        .merge(legal_entity::router())
        .merge(customer::router())
        .merge(series::router())
        .merge(invoice::router())
        .merge(payment::router())
}

/// Schemas of answers that routes only refer to.
pub(crate) fn schemas() -> OpenApi {
    invoice::Schemas::openapi()
}

/// Names the field of a refusal of too many numbers of tax offices, whoever they are of.
fn naming_tax_ids(error: CommandError) -> CommandError {
    if error.code().ends_with(".too_many_tax_ids") {
        error.at("tax_ids", "must have at most 5")
    } else {
        error
    }
}
