//! `GET /trail`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::identity::RecordKind;
use edge::{Answer, Envelope, Field, ListFields, Order, Permission, Permit, Problem};
use event_store::read;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::failure;
use crate::list::{List, Listed, View, load};
use crate::permission::ReadTrail;
use crate::row::{Doc, Shown};
use crate::wait::Freshness;

/// Something that somebody did or was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrailEntry {
    /// Its own id; that of the event, if an event tells it.
    pub id: Uuid,
    /// When; of several that were alike, the first of those that are counted.
    pub at: DateTime<Utc>,
    /// When the last of them was, if it counts several.
    pub until: Option<DateTime<Utc>>,
    /// `sign_in`, `sign_out`, `sign_in_refused`, `token_refused`, `denied`, `role_change`, `key`, `account`, `export` or `erasure`.
    #[schema(example = "denied")]
    pub kind: String,
    /// Who: a user, or the subject of a token that was issued elsewhere; null if nobody knows.
    #[schema(example = "019b76da-a800-7000-8000-000000000001")]
    pub actor: Option<String>,
    /// The key by which a program acted for the user.
    pub key_id: Option<Uuid>,
    /// From where.
    #[schema(example = "192.0.2.1")]
    pub address: Option<String>,
    /// On what, in the words of the client.
    #[schema(example = "curl/8.14.1")]
    pub agent: Option<String>,
    /// The request, as the answer told it as `X-Request-Id`.
    pub correlation_id: String,
    /// Its trace.
    pub trace_id: Option<String>,
    /// Why it was refused; of an export, `begun`, `finished` or `broken_off`; null for events.
    #[schema(example = "permission.missing")]
    pub code: Option<String>,
    /// The method of the request.
    #[schema(example = "GET")]
    pub method: Option<String>,
    /// The route of the request.
    #[schema(example = "/api/v1/leads/{id}")]
    pub route: Option<String>,
    /// The permission that the route asks for.
    #[schema(example = "lead.read")]
    pub permission: Option<String>,
    /// What sort of thing the event happened to.
    #[schema(example = "identity.user")]
    pub record_type: Option<String>,
    /// The thing that it was about.
    pub record_id: Option<Uuid>,
    /// The type of the event, if an event tells it.
    #[schema(example = "user.role_granted")]
    pub event_type: Option<String>,
    /// The position of that event: `GET /audit/events` has all of it.
    pub position: Option<i64>,
    /// How many it stands for: refusals that are alike are counted, minute by minute.
    pub count: u64,
    /// What else there is to say: which role, how many rows.
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
}

const KINDS: &[&str] = &[
    "sign_in",
    "sign_out",
    "sign_in_refused",
    "token_refused",
    "denied",
    "role_change",
    "key",
    "account",
    "export",
    "erasure",
];

impl ListFields for TrailEntry {
    const FIELDS: &'static [Field] = &[
        Field::time("at").sortable(),
        Field::choice("kind", KINDS),
        Field::text("actor"),
        Field::text("address"),
        Field::text("correlation_id"),
        Field::uuid("record_id"),
        Field::text("code"),
        Field::text("permission"),
    ];
}

impl View for TrailEntry {
    const TABLE: &'static str = "trail_entry";
    const PARTS: &'static [&'static str] = &["trail_entry", "trail_event"];
    const KIND: Option<RecordKind> = None;
    const ORDER: &'static [(&'static str, Order)] = &[("at", Order::Desc)];
    const NEVER_NULL: &'static [&'static str] = &["at"];
    const COUNTED: bool = false;
    const TOTAL: bool = false;
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_trail))
}

/// Who came in, who was refused, whose rights changed, who took data out or had it erased; the latest first.
///
/// `filter[at][gte]` and `filter[at][lt]` ask for a time, `filter[actor]` for a user. There is no total. What somebody could see on
/// a day, and why, tells `GET /users/{id}/rights?as_of=…`.
#[utoipa::path(
    get,
    path = "/api/v1/trail",
    tag = "Audit",
    params(List<TrailEntry>),
    responses((status = 200, description = "A page of the trail", body = Envelope<Listed<TrailEntry>>)),
    extensions(("x-permission" = json!(ReadTrail::NAME)), ("x-roles" = json!(ReadTrail::ROLES)))
)]
async fn list_trail(
    caller: Permit<ReadTrail>,
    State(app): State<QueryApi>,
    list: List<TrailEntry>,
) -> Result<Answer<Listed<Shown>>, Problem> {
    let begun = app.0.reads.begin(caller.tenant, caller.reach()).await;
    let mut transaction = begun.map_err(failure::database)?;
    let head = read::head(transaction.connection()).await.map_err(failure::database)?;
    let page = load(&mut transaction, &list, &[]).await?;
    page.answer(Freshness::of(head, head, None), |doc: Doc| doc.shown(caller.sight(), TrailEntry::KIND))
}
