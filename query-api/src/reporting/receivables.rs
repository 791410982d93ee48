//! `GET /reports/receivables`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{Days, NaiveDate, NaiveTime};
use domain::LegalEntityId;
use edge::{Envelope, FieldError, Meta, MinPosition, Permission, Permit, Problem, Query, Rendered};
use projections::Projection;
use projections::billing::invoice_list::InvoiceList;
use projections::billing::ledger::Ledger;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::period::Day;
use crate::answering::Question;
use crate::app::QueryApi;
use crate::cache::Made;
use crate::failure;
use crate::permission::ReadBills;
use crate::wait::{AtLeast, Reading};

/// Customers unless something else is asked for, and the most there can be.
const CUSTOMERS: (i64, i64) = (100, 1_000);

/// What is outstanding of invoices, and how long it is overdue. Money that customers have on account is not taken off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Receivables {
    /// By the end of this day.
    pub at: NaiveDate,
    /// What all customers owe, for each currency; the most first.
    pub totals: Vec<Ageing>,
    /// What each of them owes in each currency; the most first, as many as were asked for.
    pub customers: Vec<CustomerAgeing>,
}

/// What is owed in a currency, by how long it is overdue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ageing {
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Invoices of which something is to be paid.
    pub invoices: i64,
    /// What is not overdue: due on that day or later.
    #[schema(example = "119.60")]
    pub not_due: String,
    /// What is overdue for 1 to 30 days.
    #[schema(example = "0.00")]
    pub days_1_30: String,
    /// What is overdue for 31 to 60 days.
    #[schema(example = "0.00")]
    pub days_31_60: String,
    /// What is overdue for 61 to 90 days.
    #[schema(example = "0.00")]
    pub days_61_90: String,
    /// What is overdue for more than 90 days.
    #[schema(example = "0.00")]
    pub days_over_90: String,
    /// All of it.
    #[schema(example = "119.60")]
    pub total: String,
}

/// What a customer owes in a currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAgeing {
    /// The customer.
    pub customer_id: Uuid,
    /// What they were called on an invoice.
    #[schema(example = "Ada Example")]
    pub customer_name: Option<String>,
    /// What they owe.
    #[serde(flatten)]
    pub ageing: Ageing,
}

/// The query of receivables.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReceivablesQuery {
    /// By the end of this day, of any in the past; today, in UTC, if left out.
    #[param(value_type = Option<NaiveDate>, example = "2026-01-31")]
    at: Option<Day>,
    /// Only what is owed to this legal entity.
    #[param(value_type = Option<Uuid>)]
    legal_entity_id: Option<LegalEntityId>,
    /// How many customers, 1 to 1000; 100 unless something else is asked for.
    #[param(minimum = 1, maximum = 1000, example = 100)]
    customers: Option<i64>,
}

#[derive(FromRow)]
struct Row {
    customer_id: Option<Uuid>,
    currency: String,
    customer_name: Option<String>,
    invoices: i64,
    not_due: String,
    days_1_30: String,
    days_31_60: String,
    days_61_90: String,
    days_over_90: String,
    total: String,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(report_receivables))
}

/// What is outstanding of invoices by the end of a day, and how long it is overdue then.
///
/// Money that customers have on account is not taken off; their accounts tell of it.
#[utoipa::path(
    get,
    path = "/api/v1/reports/receivables",
    tag = "Reports",
    params(ReceivablesQuery, AtLeast),
    responses((status = 200, description = "What is owed", body = Envelope<Receivables>)),
    extensions(("x-permission" = json!(ReadBills::NAME)), ("x-roles" = json!(ReadBills::ROLES)))
)]
async fn report_receivables(
    caller: Permit<ReadBills>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    Query(asked): Query<ReceivablesQuery>,
) -> Result<Rendered, Problem> {
    let customers = asked.customers.unwrap_or(CUSTOMERS.0);
    if !(1..=CUSTOMERS.1).contains(&customers) {
        let rule = format!("must be a whole number from 1 to {}", CUSTOMERS.1);
        return Err(Problem::invalid(vec![FieldError::new("customers", "invalid", rule)]));
    }
    let views = &[InvoiceList::NAME, Ledger::NAME];
    let question = Question { caller: &caller, at_least, uri: &uri, views };
    app.answer(question, |reading| receivables(reading, asked, customers)).await
}

async fn receivables(
    mut reading: Reading,
    asked: ReceivablesQuery,
    customers: i64,
) -> Result<Made<Receivables>, Problem> {
    let today = reading.now.date_naive();
    let at = asked.at.map_or(today, |day| day.0);
    let rows: Vec<Row> = sqlx::query_as(include_str!("receivables.sql"))
        .bind(at)
        .bind(asked.legal_entity_id.map(LegalEntityId::as_uuid))
        .bind(customers)
        .fetch_all(reading.transaction.connection())
        .await
        .map_err(failure::database)?;
    let (mut totals, mut of_customers) = (Vec::new(), Vec::new());
    for row in rows {
        let (customer, customer_name) = (row.customer_id, row.customer_name.clone());
        let ageing = Ageing::from(row);
        match customer {
            Some(customer_id) => of_customers.push(CustomerAgeing { customer_id, customer_name, ageing }),
            None => totals.push(ageing),
        }
    }
    let receivables = Receivables { at, totals, customers: of_customers };
    // Without a day it is about today, so it is another one tomorrow.
    let tomorrow = today.checked_add_days(Days::new(1)).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let until = tomorrow.filter(|_| asked.at.is_none());
    Ok(Made { answer: reading.freshness.answer(receivables, Meta::default()), until })
}

impl From<Row> for Ageing {
    fn from(row: Row) -> Self {
        Self {
            currency: row.currency,
            invoices: row.invoices,
            not_due: row.not_due,
            days_1_30: row.days_1_30,
            days_31_60: row.days_31_60,
            days_61_90: row.days_61_90,
            days_over_90: row.days_over_90,
            total: row.total,
        }
    }
}
