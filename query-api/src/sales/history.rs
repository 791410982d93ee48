//! `GET /leads/{id}/history` and `GET /opportunities/{id}/history`.

use std::collections::HashMap;
use std::marker::PhantomData;

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use domain::identity::field::HideableField;
use domain::{LeadId, OpportunityId};
use edge::{
    Envelope, Field, ListFields, MinPosition, Order, Path, Permission, Permit, Permitted, Problem, Rendered,
    Value as FieldValue,
};
use projections::Projection;
use projections::sales::history::History;
use projections::sales::lead_list::LeadList;
use projections::sales::opportunity_list::OpportunityList;
use projections::sales::pipeline_list::PipelineList;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::answering::Question;
use crate::app::QueryApi;
use crate::failure;
use crate::list::{self, List, Listed, View};
use crate::permission::{ReadLeads, ReadOpportunities};
use crate::row::{Doc, Rows, Shown};
use crate::single::owner;
use crate::tenant::TenantTransaction;
use crate::wait::{AtLeast, Reading};

/// Something that happened to a lead or deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// `sales.lead` or `sales.opportunity`.
    #[schema(example = "sales.opportunity")]
    pub aggregate_type: String,
    /// The lead or deal.
    pub aggregate_id: Uuid,
    /// Its version afterwards.
    pub sequence: i64,
    /// What happened.
    #[schema(example = "opportunity.moved")]
    pub event_type: String,
    /// Who did it.
    #[schema(example = "sam")]
    pub actor: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The import that brought it; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Uuid>,
    /// Each field that it changed.
    pub changes: Vec<HistoryChange>,
    /// The activity that was logged, `{kind, summary}`; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Value>,
}

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryChange {
    /// As in the lead or deal; a custom field as `custom.<key>`.
    #[schema(example = "stage_id")]
    pub field: String,
    /// The old value; null if there was none.
    pub from: Value,
    /// The new value; null if there is none.
    pub to: Value,
    /// What `from` is called today, if it is the id of a stage or pipeline; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Prospect")]
    pub from_name: Option<String>,
    /// What `to` is called today, if it is the id of a stage or pipeline; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Proposal")]
    pub to_name: Option<String>,
}

impl ListFields for HistoryEntry {
    const FIELDS: &'static [Field] = &[
        Field::integer("sequence").sortable(),
        Field::text("event_type"),
        Field::text("actor"),
        Field::time("occurred_at").sortable(),
    ];
}

impl View for HistoryEntry {
    const TABLE: &'static str = History::NAME;
    const KIND: Option<RecordKind> = None;
    const ORDER: &'static [(&'static str, Order)] = &[("sequence", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] = &["sequence", "occurred_at"];
    const COUNTED: bool = false;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(read_lead_history)).routes(routes!(read_opportunity_history))
}

/// What happened to a lead, the latest first.
///
/// A lead that was taken back keeps its history.
#[utoipa::path(
    get,
    path = "/api/v1/leads/{id}/history",
    tag = "Leads",
    params(("id" = Uuid, Path, description = "The lead"), List<HistoryEntry>, AtLeast),
    responses((status = 200, description = "A page of its history", body = Envelope<Listed<HistoryEntry>>)),
    extensions(("x-permission" = json!(ReadLeads::NAME)), ("x-roles" = json!(ReadLeads::ROLES)))
)]
async fn read_lead_history(
    caller: Permit<ReadLeads>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<LeadId>,
    uri: Uri,
    list: List<HistoryEntry>,
) -> Result<Rendered, Problem> {
    history::<LeadList>(&app, &caller, at_least, id.into(), &uri, &list).await
}

/// What happened to an opportunity, the latest first.
///
/// A deal that was taken back keeps its history.
#[utoipa::path(
    get,
    path = "/api/v1/opportunities/{id}/history",
    tag = "Opportunities",
    params(("id" = Uuid, Path, description = "The deal"), List<HistoryEntry>, AtLeast),
    responses((status = 200, description = "A page of its history", body = Envelope<Listed<HistoryEntry>>)),
    extensions(("x-permission" = json!(ReadOpportunities::NAME)), ("x-roles" = json!(ReadOpportunities::ROLES)))
)]
async fn read_opportunity_history(
    caller: Permit<ReadOpportunities>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<OpportunityId>,
    uri: Uri,
    list: List<HistoryEntry>,
) -> Result<Rendered, Problem> {
    history::<OpportunityList>(&app, &caller, at_least, id.into(), &uri, &list).await
}

/// What the history of a thing of the sort that `P` shows is read from: also the thing itself, since its owner decides who
/// sees its history.
struct Views<P>(PhantomData<P>);

impl<P: Projection> Views<P> {
    const READ: &'static [&'static str] = &[History::NAME, PipelineList::NAME, P::NAME];
}

/// The history of a thing of the sort that `P` shows.
async fn history<P: Projection + Rows>(
    app: &QueryApi,
    caller: &Permitted,
    at_least: Option<MinPosition>,
    id: Uuid,
    uri: &Uri,
    list: &List<HistoryEntry>,
) -> Result<Rendered, Problem> {
    let question = Question { caller, at_least, uri, views: Views::<P>::READ };
    let make = async |mut reading: Reading| {
        let transaction = &mut reading.transaction;
        if !has_history(transaction, P::READS, id).await.map_err(failure::database)? {
            return Err(reading.freshness.not_found());
        }
        let page = list::load(transaction, list, &[("aggregate_id", FieldValue::Uuid(id))]).await?;
        let names = names(transaction).await.map_err(failure::database)?;
        let hidden: Vec<_> = match P::KIND.filter(|_| !caller.sight().is_whole()) {
            // Whose it is now decides, also of what happened before.
            Some(kind) => {
                caller.sight().hidden(kind, owner(transaction, P::NAME, id).await?.as_deref()).collect()
            }
            None => Vec::new(),
        };
        Ok(page.answer(reading.freshness, |doc| named(&doc, &names, &hidden))?.into())
    };
    app.answer(question, make).await
}

async fn has_history(
    transaction: &mut TenantTransaction,
    aggregate_types: &[&str],
    id: Uuid,
) -> Result<bool, sqlx::Error> {
    let sql = "select exists (
        select from read_model.sales_history where aggregate_id = $1 and aggregate_type = any($2)
    )";
    sqlx::query_scalar(sql).bind(id).bind(aggregate_types).fetch_one(transaction.connection()).await
}

/// What stages and pipelines are called, by their ids.
async fn names(transaction: &mut TenantTransaction) -> Result<HashMap<String, String>, sqlx::Error> {
    let sql = include_str!("names.sql");
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(transaction.connection()).await?;
    Ok(rows.into_iter().collect())
}

/// Adds names to the ids that have some, and leaves out what changed of hidden fields.
fn named(entry: &Doc, names: &HashMap<String, String>, hidden: &[&HideableField]) -> Result<Shown, Problem> {
    let mut entry: Value = serde_json::from_str(entry.text()).map_err(Problem::internal)?;
    if let Some(changes) = entry["changes"].as_array_mut() {
        let is_shown = |change: &Value| {
            change["field"].as_str().is_some_and(|name| !hidden.iter().any(|field| field.is_told_by(name)))
        };
        changes.retain(is_shown);
    }
    for change in entry["changes"].as_array_mut().into_iter().flatten() {
        if !matches!(change["field"].as_str(), Some("stage_id" | "pipeline_id")) {
            continue;
        }
        for (id, name) in [("from", "from_name"), ("to", "to_name")] {
            if let Some(known) = change[id].as_str().and_then(|id| names.get(id)) {
                change[name] = Value::from(known.as_str());
            }
        }
    }
    Doc::of(&entry)?.without(&[])
}
