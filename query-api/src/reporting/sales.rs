//! `GET /reports/sales`.

use axum::extract::State;
use axum::http::Uri;
use domain::identity::RecordKind;
use domain::{Currency, FieldKey, PipelineId};
use edge::{Envelope, Meta, MinPosition, Permission, Permit, Problem, Query, Rendered};
use projections::Projection;
use projections::sales::opportunity_list::OpportunityList;
use projections::sales::pipeline_list::PipelineList;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::period::{Day, Period};
use crate::answering::Question;
use crate::app::QueryApi;
use crate::cache::Made;
use crate::failure;
use crate::permission::ReadReports;
use crate::sales::Money;
use crate::wait::{AtLeast, Reading};

/// Open, won and lost deals, by whatever they were grouped by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SalesReport {
    /// As asked.
    #[schema(example = "owner")]
    pub group_by: String,
    /// The groups that have deals, by key; stages by pipeline and place. The group without a key comes last.
    pub groups: Vec<SalesGroup>,
    /// All groups together.
    pub totals: SalesFigures,
}

/// Deals that have something in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SalesGroup {
    /// What they have in common: the value of the field, the id of the stage, `2026-03` or `2026-Q1`; null for deals
    /// that have none, which for months and quarters are the open ones.
    #[schema(example = "sam")]
    pub key: Option<String>,
    /// What the stage is called today; null for everything else.
    pub label: Option<String>,
    /// What they come to.
    #[serde(flatten)]
    pub figures: SalesFigures,
}

/// What deals come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SalesFigures {
    /// Deals that are open now.
    pub open: i64,
    /// Deals that were won.
    pub won: i64,
    /// Deals that were lost.
    pub lost: i64,
    /// The amounts of the won deals, per currency. Absent for roles that hide the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Money>, required = false)]
    pub won_value: Option<Vec<Money>>,
    /// won / (won + lost), rounded to 4 digits; null if there are neither.
    #[schema(example = 0.3333)]
    pub win_rate: Option<f64>,
    /// Days from opening to winning, on average over the won deals, rounded to 1 digit; null if there are none. Lost
    /// deals are left out: most are closed when somebody tidies up, which says little about selling.
    #[schema(example = 41.5)]
    pub average_days_to_close: Option<f64>,
}

/// What deals are grouped by.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
enum GroupBy {
    Column(String),
    Custom(FieldKey),
}

const COLUMNS: [&str; 7] = ["owner", "product", "account", "stage", "source", "close_month", "close_quarter"];

/// The query of the report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SalesQuery {
    /// `owner`, `product`, `account`, `stage` (for closed deals the last one), `source`, `close_month`,
    /// `close_quarter` or `custom.<key>`.
    #[param(value_type = String, example = "owner")]
    group_by: GroupBy,
    /// Closed deals count if they were closed on this day or later.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<Day>,
    /// Closed deals count if they were closed before this day; open ones if they were opened before it.
    #[param(value_type = Option<String>, format = Date, example = "2026-04-01")]
    to: Option<Day>,
    /// Only deals of this pipeline.
    #[param(value_type = Option<uuid::Uuid>)]
    pipeline_id: Option<PipelineId>,
    /// Only deals with an amount in this currency.
    #[param(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
}

#[derive(FromRow)]
struct Row {
    total: bool,
    key: Option<String>,
    label: Option<String>,
    open: i64,
    won: i64,
    lost: i64,
    won_value: Json<Vec<Money>>,
    win_rate: Option<f64>,
    average_days_to_close: Option<f64>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(report_sales))
}

/// Sales, grouped.
#[utoipa::path(
    get,
    path = "/api/v1/reports/sales",
    tag = "Reports",
    params(SalesQuery, AtLeast),
    responses((status = 200, description = "The report", body = Envelope<SalesReport>)),
    extensions(("x-permission" = json!(ReadReports::NAME)), ("x-roles" = json!(ReadReports::ROLES)))
)]
async fn report_sales(
    caller: Permit<ReadReports>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    Query(asked): Query<SalesQuery>,
) -> Result<Rendered, Problem> {
    let period = Period::new(asked.from, asked.to)?;
    let group = asked.group_by.text();
    let currency = asked.currency.as_ref().map(|_| ("currency", "currency"));
    let told = std::iter::once(("group_by", group.as_str())).chain(currency);
    caller.sight().check(RecordKind::Opportunity, told)?;
    let tells_amounts = !caller.sight().hides("opportunity.amount");
    let views = &[OpportunityList::NAME, PipelineList::NAME];
    let question = Question { caller: &caller, at_least, uri: &uri, views };
    app.answer(question, |reading| report(reading, asked, period, tells_amounts)).await
}

async fn report(
    mut reading: Reading,
    asked: SalesQuery,
    period: Period,
    tells_amounts: bool,
) -> Result<Made<SalesReport>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sales.sql"))
        .bind(asked.group_by.column())
        .bind(asked.group_by.custom())
        .bind(asked.pipeline_id.map(PipelineId::as_uuid))
        .bind(asked.currency.map(Currency::code))
        .bind(period.from)
        .bind(period.to)
        .fetch_all(reading.transaction.connection())
        .await
        .map_err(failure::database)?;
    let (totals, groups): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.total);
    let totals = totals.into_iter().next().ok_or_else(|| Problem::internal("no totals"))?;
    let report = SalesReport {
        group_by: asked.group_by.text(),
        groups: groups.into_iter().map(|row| row.group(tells_amounts)).collect(),
        totals: totals.group(tells_amounts).figures,
    };
    Ok(reading.freshness.answer(report, Meta::default()).into())
}

impl TryFrom<String> for GroupBy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let column = COLUMNS.contains(&text.as_str()).then(|| Self::Column(text.clone()));
        let custom = || FieldKey::parse(text.strip_prefix("custom.")?).ok().map(Self::Custom);
        let rule = || format!("must be one of {}, or custom.key", COLUMNS.join(", "));
        column.or_else(custom).ok_or_else(rule)
    }
}

impl GroupBy {
    fn column(&self) -> &str {
        match self {
            Self::Column(column) => column,
            Self::Custom(_) => "custom",
        }
    }

    fn custom(&self) -> Option<&str> {
        match self {
            Self::Column(_) => None,
            Self::Custom(key) => Some(key.as_str()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Column(column) => column.clone(),
            Self::Custom(key) => format!("custom.{key}"),
        }
    }
}

impl Row {
    fn group(self, tells_amounts: bool) -> SalesGroup {
        let Self { total: _, key, label, open, won, lost, won_value, win_rate, average_days_to_close } = self;
        let won_value = tells_amounts.then_some(won_value.0);
        let figures = SalesFigures { open, won, lost, won_value, win_rate, average_days_to_close };
        SalesGroup { key, label, figures }
    }
}
