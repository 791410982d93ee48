//! `GET /reports/stages`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::PipelineId;
use edge::{Envelope, Meta, MinPosition, Permission, Permit, Problem, Query, Rendered};
use projections::Projection;
use projections::sales::opportunity_list::OpportunityList;
use projections::sales::pipeline_list::PipelineList;
use projections::sales::stage_stay::StageStays;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::period::{Day, Period};
use crate::answering::Question;
use crate::app::QueryApi;
use crate::failure;
use crate::permission::ReadReports;
use crate::wait::{AtLeast, Reading};

/// How deals went through the stages in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageReport {
    /// By pipeline: its live stages in order, then the retired ones that something happened in.
    pub stages: Vec<StageFigures>,
}

/// What happened in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, FromRow)]
pub struct StageFigures {
    /// Its pipeline.
    pub pipeline_id: Uuid,
    /// The stage.
    pub stage_id: Uuid,
    /// What it is called today; null in the moment before its pipeline is known here.
    #[schema(example = "Proposal")]
    pub name: Option<String>,
    /// Whether it takes no more deals today.
    pub retired: bool,
    /// Stays that began: deals that were opened in it, moved into it or reopened into it.
    pub entered: i64,
    /// Stays that ended with a step forward or a win.
    pub advanced: i64,
    /// Stays that ended with a step back.
    pub returned: i64,
    /// Stays that ended with a win; `advanced` includes them.
    pub won: i64,
    /// Stays that ended with a loss.
    pub lost: i64,
    /// Half of the stays that ended were at most this long, in days; null if none did.
    #[schema(example = 12.25)]
    pub median_days: Option<f64>,
    /// Nine of ten stays that ended were at most this long, in days; null if none did.
    #[schema(example = 40.0)]
    pub p90_days: Option<f64>,
}

/// The query of the report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StagesQuery {
    /// Only the stages of this pipeline.
    #[param(value_type = Option<uuid::Uuid>)]
    pipeline_id: Option<PipelineId>,
    /// The first day of the period, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<Day>,
    /// The day after the last one of the period, in UTC.
    #[param(value_type = Option<String>, format = Date, example = "2026-04-01")]
    to: Option<Day>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(report_stages))
}

/// The way through the stages.
///
/// Everything is counted in the period in which it happened: an entry by when the deal entered the stage, an end by
/// when it left, in business time. So the figures of a period that is over do not change by what happens later, be it
/// that deals move on, are won, lost or reopened, or that stages are renamed or retired. Only what is entered later
/// with a date in the period changes them, and a deal that is taken back, as when an import is undone.
#[utoipa::path(
    get,
    path = "/api/v1/reports/stages",
    tag = "Reports",
    params(StagesQuery, AtLeast),
    responses((status = 200, description = "The report", body = Envelope<StageReport>)),
    extensions(("x-permission" = json!(ReadReports::NAME)), ("x-roles" = json!(ReadReports::ROLES)))
)]
async fn report_stages(
    caller: Permit<ReadReports>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    Query(asked): Query<StagesQuery>,
) -> Result<Rendered, Problem> {
    let period = Period::new(asked.from, asked.to)?;
    // Whose a deal is decides who sees its stays.
    let views = &[StageStays::NAME, PipelineList::NAME, OpportunityList::NAME];
    let question = Question { caller: &caller, at_least, uri: &uri, views };
    let make = async |mut reading: Reading| {
        let stages = sqlx::query_as(include_str!("stages.sql"))
            .bind(asked.pipeline_id.map(PipelineId::as_uuid))
            .bind(period.from.map(midnight))
            .bind(period.to.map(midnight))
            .fetch_all(reading.transaction.connection())
            .await
            .map_err(failure::database)?;
        Ok(reading.freshness.answer(StageReport { stages }, Meta::default()).into())
    };
    app.answer(question, make).await
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
