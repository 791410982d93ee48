//! `GET /pipelines/{id}/board`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, TimeDelta, Utc};
use domain::PipelineId;
use domain::identity::RecordKind;
use edge::query::{DIVIDER, divided};
use edge::{
    Envelope, FieldError, Links, Meta, MinPosition, Path, Permission, Permit, Permitted, Problem, Query,
    Rendered, Value as FieldValue,
};
use projections::Projection;
use projections::sales::opportunity_list::OpportunityList;
use projections::sales::pipeline_list::PipelineList;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::opportunity_list::Opportunity;
use super::{Total, links};
use crate::answering::Question;
use crate::app::QueryApi;
use crate::cache::Made;
use crate::failure;
use crate::list::{self, List, link, written};
use crate::permission::ReadOpportunities;
use crate::row::{Doc, Item};
use crate::single::doc;
use crate::tenant::TenantTransaction;
use crate::wait::{AtLeast, Reading};

/// Cards of a stage unless something else is asked for, and the most there can be.
const CARDS: (u16, u16) = (50, 200);

/// The open deals of a pipeline, by stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// The pipeline.
    pub pipeline_id: Uuid,
    /// What people call it.
    #[schema(example = "Sales pipeline")]
    pub name: String,
    /// Its live stages, in order.
    pub stages: Vec<BoardStage>,
    /// `self` and `pipeline`.
    pub links: Links,
}

/// A stage of a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardStage {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "Proposal")]
    pub name: String,
    /// How likely a deal in it is won, in percent, unless the deal says otherwise.
    #[schema(example = 50)]
    pub probability: u8,
    /// Open deals in it, with and without an amount.
    pub count: i64,
    /// Those of them without an amount; no total includes them. Absent for roles that hide the amount.
    #[serde(default)]
    #[schema(required = false)]
    pub without_amount: i64,
    /// What the others come to, per currency. Absent for roles that hide the amount.
    #[serde(default)]
    #[schema(required = false)]
    pub totals: Vec<Total>,
    /// The deals that have been in it longest, the longest first.
    pub cards: Vec<BoardCard>,
    /// `deals`: all of them as a list; `rest`: that list after the last card, if there are more.
    pub links: Links,
}

/// A deal on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardCard {
    /// The deal.
    #[serde(flatten)]
    pub opportunity: Opportunity,
    /// Whole days since it came into its stage.
    pub days_in_stage: i64,
}

/// The query of a board.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BoardQuery {
    /// Most cards of a stage, 0 to 200; 50 unless something else is asked for.
    #[param(minimum = 0, maximum = 200, example = 50)]
    cards: Option<u16>,
}

/// A [`Board`], with rows as they lie.
#[derive(Serialize)]
struct BoardDoc {
    pipeline_id: PipelineId,
    name: Value,
    stages: Vec<StageDoc>,
    links: Links,
}

/// A [`BoardStage`], with rows as they lie.
#[derive(Serialize)]
struct StageDoc {
    #[serde(flatten)]
    stage: Map<String, Value>,
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    without_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Value>,
    cards: Vec<Item>,
    links: Links,
}

#[derive(FromRow)]
struct StageRow {
    stage: Json<Map<String, Value>>,
    count: i64,
    without_amount: i64,
    totals: Value,
    cards: Json<Vec<Doc>>,
    last_since: Option<DateTime<Utc>>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_board))
}

/// The board of a pipeline.
#[utoipa::path(
    get,
    path = "/api/v1/pipelines/{id}/board",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), BoardQuery, AtLeast),
    responses((status = 200, description = "Its open deals, by stage", body = Envelope<Board>)),
    extensions(("x-permission" = json!(ReadOpportunities::NAME)), ("x-roles" = json!(ReadOpportunities::ROLES)))
)]
async fn read_board(
    caller: Permit<ReadOpportunities>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<PipelineId>,
    uri: Uri,
    Query(BoardQuery { cards }): Query<BoardQuery>,
) -> Result<Rendered, Problem> {
    let cards = cards.unwrap_or(CARDS.0);
    if cards > CARDS.1 {
        let rule = format!("must be a whole number from 0 to {}", CARDS.1);
        return Err(Problem::invalid(vec![FieldError::new("cards", "invalid", rule)]));
    }
    let views = &[PipelineList::NAME, OpportunityList::NAME];
    let question = Question { caller: &caller, at_least, uri: &uri, views };
    let by_header = divided(uri.query().unwrap_or_default()).1.is_some();
    app.answer(question, |reading| board(reading, id, cards, by_header, &caller)).await
}

async fn board(
    mut reading: Reading,
    id: PipelineId,
    cards: u16,
    by_header: bool,
    caller: &Permitted,
) -> Result<Made<BoardDoc>, Problem> {
    let transaction = &mut reading.transaction;
    let Some(pipeline) = doc(transaction, PipelineList::NAME, id.into()).await? else {
        return Err(reading.freshness.not_found());
    };
    let rows: Vec<StageRow> = sqlx::query_as(include_str!("pipeline_board.sql"))
        .bind(id.as_uuid())
        .bind(i64::from(cards))
        .fetch_all(transaction.connection())
        .await
        .map_err(failure::database)?;
    let mut days = Days { now: reading.now, until: None };
    let stages = rows.into_iter().map(|row| stage(transaction, (id, by_header), row, &mut days, caller));
    let stages = stages.collect::<Result<Vec<_>, _>>()?;
    let path = format!("/api/v1/pipelines/{id}");
    let size = cards.to_string();
    let itself = link(&format!("{path}/board"), [("cards", size.as_str())]);
    let links = Links::new().itself(itself).get("pipeline", path);
    let Named { name } = serde_json::from_str(pipeline.text()).map_err(Problem::internal)?;
    let board = BoardDoc { pipeline_id: id, name, stages, links };
    let answer = reading.freshness.answer(board, Meta::default());
    Ok(Made { answer, until: days.until })
}

#[derive(Deserialize)]
struct Named {
    name: Value,
}

/// Counts days until now, and knows when the first of the counts will be another one.
struct Days {
    now: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

impl Days {
    fn since(&mut self, since: DateTime<Utc>) -> i64 {
        let days = (self.now - since).num_days().max(0);
        let next = TimeDelta::try_days(days + 1).and_then(|days| since.checked_add_signed(days));
        self.until = self.until.into_iter().chain(next).min();
        days
    }
}

fn stage(
    transaction: &TenantTransaction,
    (pipeline, by_header): (PipelineId, bool),
    row: StageRow,
    days: &mut Days,
    caller: &Permitted,
) -> Result<StageDoc, Problem> {
    let StageRow { stage: Json(stage), count, without_amount, totals, cards: Json(docs), last_since } = row;
    let (mut cards, mut last) = (Vec::with_capacity(docs.len()), None);
    for doc in docs {
        let facts = doc.facts()?;
        let in_stage = facts.stage_since.map_or(0, |since| days.since(since));
        let links = links::of_opportunity(&facts, None, caller);
        last = facts.id.parse().ok();
        let shown = doc.shown(caller.sight(), Some(RecordKind::Opportunity))?;
        cards.push(shown.with_days_and_links(in_stage, links)?);
    }
    let shown = cards.len();
    let (pipeline, id) = (pipeline.to_string(), stage.get("id").and_then(Value::as_str).unwrap_or_default());
    let asked = [
        ("filter[pipeline_id]", pipeline.as_str()),
        ("filter[stage_id]", id),
        ("filter[status]", "open"),
        ("sort", "stage_since"),
    ];
    // Where names come by `X-Query`, filters are taken by it only.
    let query = format!("{}{}", if by_header { DIVIDER } else { "" }, written(asked));
    let deals = List::<Opportunity>::parse("/api/v1/opportunities", &query)?;
    let mut links = Links::new().to("deals", deals.link(None));
    if usize::try_from(count).is_ok_and(|count| count > shown) {
        let rest = match (last, last_since) {
            (Some(last), Some(since)) => {
                list::rest(transaction, &deals, vec![Some(FieldValue::Time(since))], last)
            }
            _ => deals.link(None),
        };
        links = links.to("rest", rest);
    }
    let is_told = !caller.sight().hides("opportunity.amount");
    let (without_amount, totals) = (is_told.then_some(without_amount), is_told.then_some(totals));
    Ok(StageDoc { stage, count, without_amount, totals, cards, links })
}
