//! `GET /audit/events`.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{ACCEPT, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use edge::{Asker, Envelope, FieldError, Links, Meta, Permission, Permit, Problem, Query, ok};
use event_store::Recorded;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::export;
use super::search::{Sought, Span, head, portion};
use crate::app::QueryApi;
use crate::failure;
use crate::list::{Listed, PositionCursor};
use crate::permission::ReadAudit;

/// Events of a page unless something else is asked for, and the most there can be.
const PAGE_SIZE: (u16, u16) = (50, 200);
/// How long a page is searched for before it is answered as it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// An event as it lies in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Its place in the whole log. Events between those of a tenant are of other tenants.
    #[schema(example = 1024)]
    pub position: i64,
    /// The tenant.
    pub tenant_id: Uuid,
    /// What sort of thing it happened to.
    #[schema(example = "sales.opportunity")]
    pub aggregate_type: String,
    /// What it happened to.
    pub aggregate_id: Uuid,
    /// The version of that thing afterwards.
    pub sequence: i64,
    /// Its own id.
    pub event_id: Uuid,
    /// What happened.
    #[schema(example = "opportunity.moved")]
    pub event_type: String,
    /// The version of the shape of `payload`.
    pub event_version: i32,
    /// What there is to say about it, as it was recorded, personal data included, but for fields that one's role hides. Null stands
    /// for what was erased.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// `actor`, `occurred_at`, `correlation_id`, and `import` if one brought it.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When it was recorded; never earlier than that of the position before.
    pub recorded_at: DateTime<Utc>,
}

/// The query of events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Only events of one thing: its type and its id.
    #[param(value_type = Option<String>, example = "sales.opportunity:019b76da-a800-7000-8000-00000000001f")]
    aggregate: Option<AggregateName>,
    /// Only events that were caused by this user or process.
    #[param(example = "sam")]
    actor: Option<String>,
    /// Only events of this type.
    #[serde(rename = "type")]
    #[param(example = "opportunity.moved")]
    event_type: Option<String>,
    /// Only events recorded at this time or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-01-01T00:00:00Z")]
    from: Option<Moment>,
    /// Only events recorded before this time.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00Z")]
    to: Option<Moment>,
    /// Only events after this position.
    after: Option<i64>,
    /// Only events before this position.
    before: Option<i64>,
    /// `position`, the order of the log, unless `-position` is asked for, the latest first.
    #[param(inline)]
    sort: Option<Sort>,
    /// Most events of a page, 1 to 200; 50 unless something else is asked for. Only for pages.
    #[param(minimum = 1, maximum = 200, example = 50)]
    page_size: Option<u16>,
    /// The next_cursor of the page before. Only for pages.
    cursor: Option<String>,
}

/// `<type>:<id>`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct AggregateName(String, Uuid);

/// A time of which the year has four digits.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Moment(DateTime<Utc>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
enum Sort {
    #[serde(rename = "position")]
    OldestFirst,
    #[serde(rename = "-position")]
    NewestFirst,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(audit_events))
}

/// The events of the log.
///
/// Pages go by cursor. A page may hold fewer events than asked for, even none, although there are more: follow `next`
/// until there is none. With `Accept: application/x-ndjson`, all events are sent at once instead, one JSON object a
/// line, up to the position that the log has reached at the start, which `X-Position` tells. If something goes wrong
/// on the way, the connection is aborted: a transfer that ends properly is complete. Few such transfers
/// can be under way at a time; one too many is answered 503.
#[utoipa::path(
    get,
    path = "/api/v1/audit/events",
    tag = "Audit",
    params(
        EventsQuery,
        ("Accept" = Option<String>, Header, description = "`application/x-ndjson` for all events in one answer")
    ),
    responses((
        status = 200,
        description = "Events, as a page or as lines",
        content(
            (Envelope<Listed<AuditEvent>> = "application/json"),
            (AuditEvent = "application/x-ndjson")
        )
    )),
    extensions(("x-permission" = json!(ReadAudit::NAME)), ("x-roles" = json!(ReadAudit::ROLES)))
)]
async fn audit_events(
    caller: Permit<ReadAudit>,
    State(app): State<QueryApi>,
    uri: Uri,
    headers: HeaderMap,
    asker: Asker,
    Query(asked): Query<EventsQuery>,
) -> Result<Response, Problem> {
    let lines = wants_lines(&headers);
    asked.check(lines)?;
    let begun = app.0.reads.begin(caller.tenant, caller.reach()).await;
    let mut transaction = begun.map_err(failure::database)?;
    let end = head(&mut transaction).await?;
    let span = Span {
        after: asked.after.unwrap_or(0),
        before: asked.before.map_or(end + 1, |before| before.min(end + 1)),
        newest_first: asked.sort == Some(Sort::NewestFirst),
    };
    let (from, to) = (asked.from.map(|from| from.0), asked.to.map(|to| to.0));
    let span = span.recorded(&mut transaction, from, to).await?;
    // Each portion is read in a transaction of its own, and nobody may hold two connections.
    drop(transaction);
    let sought = asked.sought();
    let mut answer = if lines {
        export::lines(&app, (&caller, &asker), sought, span, end).await?
    } else {
        let (path, query) = (uri.path(), uri.query().unwrap_or_default());
        let cursor = PositionCursor::new(caller.tenant, path, query);
        let from = asked.cursor.as_deref().map(|cursor_text| cursor.read(cursor_text)).transpose()?;
        let span = from.map_or(span, |position| span.beyond(position));
        let size = asked.page_size.unwrap_or(PAGE_SIZE.0);
        let (events, left) = page(&app, &caller, sought, span, usize::from(size)).await?;
        let next = left.map(|position| cursor.write(position));
        let mut links = Links::new().to("self", cursor.link(asked.cursor.as_deref()));
        if let Some(next) = &next {
            links = links.to("next", cursor.link(Some(next)));
        }
        let meta = Meta { page_size: Some(size.into()), next_cursor: next, ..Meta::default() };
        ok(Listed { items: events, links }).with_meta(meta).with_position(end).into_response()
    };
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    Ok(answer)
}

/// The events of a page, and the position up to which everything was looked at if there is something left.
async fn page(
    app: &QueryApi,
    caller: &Permit<ReadAudit>,
    sought: Sought,
    span: Span,
    size: usize,
) -> Result<(Vec<Recorded>, Option<i64>), Problem> {
    let begun = Instant::now();
    let (mut events, mut left) = (Vec::new(), Some(span));
    while let Some(span) = left.filter(|_| events.len() < size && begun.elapsed() < PATIENCE) {
        let begun = app.0.reads.begin(caller.tenant, caller.reach()).await;
        let mut transaction = begun.map_err(failure::database)?;
        let found =
            portion(&mut transaction, (&sought, caller.sight()), span, size - events.len(), app.0.upcasters)
                .await;
        let found = found.map_err(failure::database)?;
        events.extend(found.events);
        left = found.left;
    }
    let seen = left.map(|span| if span.newest_first { span.before } else { span.after });
    Ok((events, seen))
}

/// Whether the lines of an export are asked for, by the media type of one of the ranges of `Accept`.
fn wants_lines(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    ranges.flat_map(|value| value.split(',')).any(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case(export::MEDIA_TYPE)
    })
}

impl EventsQuery {
    fn check(&self, lines: bool) -> Result<(), Problem> {
        let mut errors = Vec::new();
        if self.page_size.is_some_and(|size| !(1..=PAGE_SIZE.1).contains(&size)) {
            let rule = format!("must be a whole number from 1 to {}", PAGE_SIZE.1);
            errors.push(FieldError::new("page_size", "invalid", rule));
        }
        for (name, sent) in [("page_size", self.page_size.is_some()), ("cursor", self.cursor.is_some())] {
            if lines && sent {
                errors.push(FieldError::new(name, "conflict", "goes with pages only"));
            }
        }
        for (name, position) in [("after", self.after), ("before", self.before)] {
            if position.is_some_and(i64::is_negative) {
                errors.push(FieldError::new(name, "invalid", "must be a whole number from 0"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }

    fn sought(&self) -> Sought {
        let aggregate = self.aggregate.clone().map(|AggregateName(aggregate_type, id)| (aggregate_type, id));
        Sought { aggregate, actor: self.actor.clone(), event_type: self.event_type.clone() }
    }
}

impl TryFrom<String> for AggregateName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let parts = text.split_once(':').filter(|(name, _)| !name.is_empty());
        let parsed = parts.and_then(|(name, id)| Some(Self(name.to_owned(), Uuid::try_parse(id).ok()?)));
        parsed
            .ok_or("must be a type and an id, such as sales.opportunity:019b76da-a800-7000-8000-00000000001f")
    }
}

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let time = DateTime::parse_from_rfc3339(&text).map(|time| Self(time.to_utc()));
        time.map_err(|_| "must be a time such as 2026-01-31T12:00:00Z")
    }
}
