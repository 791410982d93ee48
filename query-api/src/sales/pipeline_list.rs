//! `GET /pipelines` and `GET /pipelines/{id}`.

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::PipelineId;
use domain::identity::RecordKind;
use edge::{
    Envelope, Field, Identity, Links, ListFields, MinPosition, Order, Path, Permission, Permit, Problem,
    Rendered, Role,
};
use projections::Projection;
use projections::sales::pipeline_list::PipelineList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::list::{List, Listed, View};
use crate::permission::ReadPipelines;
use crate::row::{Facts, Rows};
use crate::wait::AtLeast;

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pipeline {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "Sales pipeline")]
    pub name: String,
    /// The stages that take deals, in order.
    pub stages: Vec<PipelineStage>,
    /// The stages that take no more deals.
    pub retired: Vec<PipelineStage>,
    /// When it was last changed, as recorded.
    pub updated_at: DateTime<Utc>,
    /// The version to send as `If-Match`.
    pub version: i64,
    /// `self`, `board`, and the commands that the caller may send: `patch`, `add_stage`, `reorder_stages`.
    pub links: Links,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PipelineStage {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "Proposal")]
    pub name: String,
    /// How likely a deal in it is won, in percent, unless the deal says otherwise.
    #[schema(example = 50)]
    pub probability: u8,
}

impl ListFields for Pipeline {
    const FIELDS: &'static [Field] = &[Field::uuid("id"), Field::text("name").sortable()];
}

impl View for Pipeline {
    const TABLE: &'static str = PipelineList::NAME;
    const KIND: Option<RecordKind> = PipelineList::KIND;
    const ORDER: &'static [(&'static str, Order)] = &[("name", Order::Asc)];
    const NEVER_NULL: &'static [&'static str] = &["name"];
}

/// The roles that may shape pipelines.
const MANAGERS: &[Role] = &[Role::Admin, Role::SalesManager];

impl Rows for PipelineList {
    const KIND: Option<RecordKind> = None;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_pipelines)).routes(routes!(read_pipeline))
}

/// All pipelines, by name.
#[utoipa::path(
    get,
    path = "/api/v1/pipelines",
    tag = "Pipelines",
    params(List<Pipeline>, AtLeast),
    responses((status = 200, description = "A page of pipelines", body = Envelope<Listed<Pipeline>>)),
    extensions(("x-permission" = json!(ReadPipelines::NAME)), ("x-roles" = json!(ReadPipelines::ROLES)))
)]
async fn list_pipelines(
    caller: Permit<ReadPipelines>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    uri: Uri,
    list: List<Pipeline>,
) -> Result<Rendered, Problem> {
    app.list(&caller, at_least, &uri, &list, |facts| links(facts, &caller)).await
}

/// One pipeline.
#[utoipa::path(
    get,
    path = "/api/v1/pipelines/{id}",
    tag = "Pipelines",
    params(("id" = Uuid, Path, description = "The pipeline"), AtLeast),
    responses((
        status = 200,
        description = "The pipeline",
        body = Envelope<Pipeline>,
        headers(("ETag" = String, description = "Its version"))
    )),
    extensions(("x-permission" = json!(ReadPipelines::NAME)), ("x-roles" = json!(ReadPipelines::ROLES)))
)]
async fn read_pipeline(
    caller: Permit<ReadPipelines>,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
    Path(id): Path<PipelineId>,
    uri: Uri,
) -> Result<Rendered, Problem> {
    app.one::<PipelineList>(&caller, at_least, id.into(), None, &uri, |facts, _| links(facts, &caller)).await
}

fn links(facts: &Facts<'_>, caller: &Identity) -> Links {
    let path = format!("/api/v1/pipelines/{}", facts.id);
    let links = Links::new().itself(&path).get("board", format!("{path}/board"));
    if !caller.has_any(MANAGERS) {
        return links;
    }
    links.with("patch", "PATCH", &path).post("add_stage", format!("{path}/stages")).with(
        "reorder_stages",
        "PUT",
        format!("{path}/stages/order"),
    )
}
