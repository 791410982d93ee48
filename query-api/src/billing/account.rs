//! `GET /billing-customers/{id}/account`: what a customer owes, and how it came to that.

use axum::extract::State;
use axum::http::Uri;
use chrono::NaiveDate;
use domain::CustomerId;
use edge::{
    Envelope, FieldError, Links, Meta, MinPosition, Path, Permission, Permit, Problem, Query, Rendered,
};
use projections::Projection;
use projections::billing::customer_list::CustomerList;
use projections::billing::invoice_list::InvoiceList;
use projections::billing::ledger::Ledger;
use projections::billing::payment_list::PaymentList;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::answering::Question;
use crate::app::QueryApi;
use crate::cache::Made;
use crate::failure;
use crate::permission::ReadBills;
use crate::reporting::period::Day;
use crate::wait::{AtLeast, Reading};

/// Most entries of an answer.
const MAX_ENTRIES: usize = 1_000;

/// The accounts of a customer: one for each legal entity and currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAccount {
    /// The customer.
    pub customer_id: Uuid,
    /// Their accounts.
    pub accounts: Vec<AccountStatement>,
    /// `self`, `customer`.
    pub links: Links,
}

/// What a customer owes a legal entity in a currency, and how it came to that. Below 0, they have money to their credit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountStatement {
    /// Whom they owe it.
    pub legal_entity_id: Uuid,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What they owed before.
    #[schema(example = "0.00")]
    pub opening: String,
    /// What changed it, in the order of the books.
    pub entries: Vec<AccountEntry>,
    /// What they owe after that.
    #[schema(example = "119.60")]
    pub closing: String,
}

/// What changed what a customer owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountEntry {
    /// `invoice_issued`, `invoice_voided`, `payment_received`, `payment_reversed`, `refunded`, `refund_cancelled`, `written_off`,
    /// `write_off_reversed`, `credit_note_issued` or `credit_note_voided`.
    #[schema(example = "invoice_issued")]
    pub kind: String,
    /// On which day.
    pub booked_on: NaiveDate,
    /// The invoice, if it is about one.
    pub invoice_id: Option<Uuid>,
    /// The number of the invoice.
    #[schema(example = "INV-2026-00042")]
    pub number: Option<String>,
    /// The payment, if it is about one.
    pub payment_id: Option<Uuid>,
    /// By how much; below 0, the customer owes less.
    #[schema(example = "119.60")]
    pub change: String,
    /// What they owe after it.
    #[schema(example = "119.60")]
    pub balance: String,
}

/// The query of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccountQuery {
    /// From this day on; what came before is in `opening`. From the beginning if left out.
    #[param(value_type = Option<NaiveDate>, example = "2026-01-01")]
    from: Option<Day>,
    /// Until this day, that day included. To the end if left out.
    #[param(value_type = Option<NaiveDate>, example = "2026-12-31")]
    to: Option<Day>,
}

#[derive(FromRow)]
struct Row {
    legal_entity_id: Uuid,
    currency: String,
    kind: String,
    booked_on: Option<NaiveDate>,
    invoice_id: Option<Uuid>,
    payment_id: Option<Uuid>,
    number: Option<String>,
    change: Option<String>,
    owed: String,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_customer_account))
}

/// What a customer owes, and how it came to that: invoices, payments, and what was given back or given up.
///
/// At most 1,000 entries: ask for days in between by `from` and `to` if there are more.
#[utoipa::path(
    get,
    path = "/api/v1/billing-customers/{id}/account",
    tag = "Billing",
    params(("id" = Uuid, Path, description = "The customer"), AccountQuery, AtLeast),
    responses((status = 200, description = "Their accounts", body = Envelope<CustomerAccount>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn read_customer_account(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<CustomerId>,
    uri: Uri,
    Query(asked): Query<AccountQuery>,
) -> Result<Rendered, Problem> {
    if asked.from.zip(asked.to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::invalid(vec![FieldError::new("to", "conflict", "must not be before from")]));
    }
    let views = &[CustomerList::NAME, InvoiceList::NAME, PaymentList::NAME, Ledger::NAME];
    let question = Question { caller: &caller, at_least, uri: &uri, views };
    app.answer(question, |reading| account(reading, id.as_uuid(), asked)).await
}

async fn account(
    mut reading: Reading,
    customer: Uuid,
    asked: AccountQuery,
) -> Result<Made<CustomerAccount>, Problem> {
    let connection = reading.transaction.connection();
    let sql = "select true from read_model.billing_customer_list where id = $1";
    let known: Option<bool> = sqlx::query_scalar(sql)
        .bind(customer)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failure::database)?;
    if known.is_none() {
        return Err(Problem::not_found());
    }
    let rows: Vec<Row> = sqlx::query_as(include_str!("account.sql"))
        .bind(customer)
        .bind(asked.from.map(|day| day.0))
        .bind(asked.to.map(|day| day.0))
        .bind(i64::try_from(2 * MAX_ENTRIES).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .map_err(failure::database)?;
    // The others are what accounts open with.
    if rows.iter().filter(|row| row.change.is_some()).count() > MAX_ENTRIES {
        let rule = "must be later, or to earlier: there are more than 1,000 entries in between";
        return Err(Problem::invalid(vec![FieldError::new("from", "too_many", rule)]));
    }
    let mut accounts: Vec<AccountStatement> = Vec::new();
    for row in rows {
        let is_same = |last: &&mut AccountStatement| {
            (last.legal_entity_id, last.currency.as_str()) == (row.legal_entity_id, row.currency.as_str())
        };
        if let Some(account) = accounts.last_mut().filter(is_same) {
            account.add(row);
        } else {
            accounts.push(AccountStatement::beginning_with(row));
        }
    }
    let path = format!("/api/v1/billing-customers/{customer}");
    let links = Links::new().itself(format!("{path}/account")).get("customer", path);
    let account = CustomerAccount { customer_id: customer, accounts, links };
    Ok(Made { answer: reading.freshness.answer(account, Meta::default()), until: None })
}

impl AccountStatement {
    fn beginning_with(row: Row) -> Self {
        let mut account = Self {
            legal_entity_id: row.legal_entity_id,
            currency: row.currency.clone(),
            opening: row.owed.clone(),
            entries: Vec::new(),
            closing: row.owed.clone(),
        };
        if row.change.is_some() {
            account.opening = zero_like(&row.owed);
            account.add(row);
        }
        account
    }

    fn add(&mut self, row: Row) {
        let (Some(booked_on), Some(change)) = (row.booked_on, row.change) else { return };
        self.closing.clone_from(&row.owed);
        self.entries.push(AccountEntry {
            kind: row.kind,
            booked_on,
            invoice_id: row.invoice_id,
            number: row.number,
            payment_id: row.payment_id,
            change,
            balance: row.owed,
        });
    }
}

/// Nothing, with as many decimal places as an amount.
fn zero_like(amount: &str) -> String {
    match amount.split_once('.') {
        Some((_, places)) => format!("0.{}", "0".repeat(places.len())),
        None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_the_places_of_its_currency() {
        assert_eq!(["119.60", "-1.000", "7"].map(zero_like), ["0.00", "0.000", "0"]);
    }
}
