//! `GET /reports/forecast`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use domain::PipelineId;
use domain::identity::RecordKind;
use edge::{Envelope, FieldError, Meta, MinPosition, Permission, Permit, Problem, Query, Rendered};
use projections::Projection;
use projections::sales::opportunity_list::OpportunityList;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answering::Question;
use crate::app::QueryApi;
use crate::cache::Made;
use crate::failure;
use crate::permission::ReadReports;
use crate::sales::Total;
use crate::wait::{AtLeast, Reading};

/// Months unless something else is asked for, and the most there can be.
const MONTHS: (u32, u32) = (6, 36);

/// What the open deals may bring, by when they should be decided. Every open deal is in exactly one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// The months that were asked for, from the current one on, each with the deals expected in it.
    pub months: Vec<ForecastMonth>,
    /// Deals that should have been decided in a month before the current one.
    pub overdue: ForecastBucket,
    /// Deals expected after the last of the months.
    pub later: ForecastBucket,
    /// Deals without a date.
    pub undated: ForecastBucket,
}

/// A month of a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastMonth {
    /// Year and month.
    #[schema(example = "2026-03")]
    pub month: String,
    /// The deals expected in it.
    #[serde(flatten)]
    pub bucket: ForecastBucket,
}

/// Open deals of a forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastBucket {
    /// Deals, with and without an amount.
    pub count: i64,
    /// Those of them without an amount; no total includes them. Absent for roles that hide the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub without_amount: Option<i64>,
    /// What the others come to, per currency. Absent for roles that hide the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Total>, required = false)]
    pub totals: Option<Vec<Total>>,
}

/// The query of the forecast.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ForecastQuery {
    /// How many months, 1 to 36; 6 unless something else is asked for. The first one is the current one, in UTC.
    #[param(minimum = 1, maximum = 36, example = 6)]
    months: Option<u32>,
    /// Only deals of this pipeline.
    #[param(value_type = Option<uuid::Uuid>)]
    pipeline_id: Option<PipelineId>,
}

#[derive(FromRow)]
struct Row {
    bucket: String,
    currency: Option<String>,
    count: i64,
    amount: Option<String>,
    weighted: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(report_forecast))
}

/// What open deals may bring.
#[utoipa::path(
    get,
    path = "/api/v1/reports/forecast",
    tag = "Reports",
    params(ForecastQuery, AtLeast),
    responses((status = 200, description = "The forecast", body = Envelope<Forecast>)),
    extensions(("x-permission" = json!(ReadReports::NAME)), ("x-roles" = json!(ReadReports::ROLES)))
)]
async fn report_forecast(
    caller: Permit<ReadReports>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    Query(asked): Query<ForecastQuery>,
) -> Result<Rendered, Problem> {
    let months = asked.months.unwrap_or(MONTHS.0);
    if !(1..=MONTHS.1).contains(&months) {
        let rule = format!("must be a whole number from 1 to {}", MONTHS.1);
        return Err(Problem::invalid(vec![FieldError::new("months", "invalid", rule)]));
    }
    caller.sight().check(RecordKind::Opportunity, [("months", "expected_close")])?;
    let tells_amounts = !caller.sight().hides("opportunity.amount");
    let question = Question { caller: &caller, at_least, uri: &uri, views: &[OpportunityList::NAME] };
    app.answer(question, |reading| forecast(reading, months, asked.pipeline_id, tells_amounts)).await
}

async fn forecast(
    mut reading: Reading,
    months: u32,
    pipeline: Option<PipelineId>,
    tells_amounts: bool,
) -> Result<Made<Forecast>, Problem> {
    let months = months_from(reading.now.date_naive(), months);
    let month_after = |month: &NaiveDate| *month + Months::new(1);
    let (Some(first), Some(after)) = (months.first(), months.last().map(month_after)) else {
        return Err(Problem::internal("no months"));
    };
    let rows: Vec<Row> = sqlx::query_as(include_str!("forecast.sql"))
        .bind(first)
        .bind(after)
        .bind(pipeline.map(PipelineId::as_uuid))
        .fetch_all(reading.transaction.connection())
        .await
        .map_err(failure::database)?;
    let bucket = |name: &str| bucket(&rows, name, tells_amounts);
    let month = |day: &NaiveDate| {
        let month = day.format("%Y-%m").to_string();
        ForecastMonth { bucket: bucket(&month), month }
    };
    let forecast = Forecast {
        months: months.iter().map(month).collect(),
        overdue: bucket("overdue"),
        later: bucket("later"),
        undated: bucket("undated"),
    };
    let answer = reading.freshness.answer(forecast, Meta::default());
    // It begins with the current month, so it is another one as soon as the next month begins.
    let until = Some(month_after(first).and_time(NaiveTime::MIN).and_utc());
    Ok(Made { answer, until })
}

/// The first days of months, from that of `today` on.
fn months_from(today: NaiveDate, count: u32) -> Vec<NaiveDate> {
    let first = today.with_day(1).unwrap_or(today);
    (0..count).map(|month| first + Months::new(month)).collect()
}

fn bucket(rows: &[Row], name: &str, tells_amounts: bool) -> ForecastBucket {
    let (mut count, mut without_amount, mut totals) = (0, 0, Vec::new());
    for row in rows.iter().filter(|row| row.bucket == name) {
        count += row.count;
        match (&row.currency, &row.amount, &row.weighted) {
            (Some(currency), Some(amount), Some(weighted)) => totals.push(Total {
                currency: currency.clone(),
                count: row.count,
                amount: amount.clone(),
                weighted: weighted.clone(),
            }),
            _ => without_amount += row.count,
        }
    }
    let (without_amount, totals) = (tells_amounts.then_some(without_amount), tells_amounts.then_some(totals));
    ForecastBucket { count, without_amount, totals }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_with_the_current_one_and_go_over_the_end_of_the_year() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let months = months_from(day("2026-11-30"), 3);
        assert_eq!(months, [day("2026-11-01"), day("2026-12-01"), day("2027-01-01")]);
    }
}
