//! `GET /sessions`: the sessions of whoever asks.

use std::collections::HashMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::Event;
use domain::identity::session::SessionEvent;
use edge::{Answer, Bearer, Envelope, Links, Meta, MinPosition, Problem, Reach, Role};
use event_store::{Recorded, Upcasters, read, seal};
use projections::Projection;
use projections::identity::session_list::SessionList;
use projections::projection::decode;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::QueryApi;
use crate::failure;
use crate::permission::OWN;
use crate::wait::AtLeast;

const PATH: &str = "/api/v1/sessions";
const VIEWS: &[&str] = &[SessionList::NAME];

/// The sessions of a user that go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnSessions {
    /// The one that was used last comes first. Of more than 200, those that were used last.
    pub items: Vec<OwnSession>,
    /// `self`, and `sign_out_everywhere`.
    pub links: Links,
}

/// A session of the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnSession {
    /// The session.
    pub id: Uuid,
    /// On what, in the words of the client.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")]
    pub device: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it got tokens last: on signing in, or by a refresh, of which there is one each quarter of an hour that it is used.
    pub last_used_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
    /// `sign_out`.
    pub links: Links,
}

#[derive(FromRow)]
struct Found {
    id: Uuid,
    started_at: DateTime<Utc>,
    used_at: DateTime<Utc>,
}

pub(super) fn router() -> OpenApiRouter<QueryApi> {
    OpenApiRouter::new().routes(routes!(list_own_sessions))
}

/// One's own sessions that go on: where one is signed in, and since when.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "Sessions",
    params(AtLeast),
    responses((status = 200, description = "The sessions", body = Envelope<OwnSessions>)),
    extensions(("x-permission" = json!(OWN)), ("x-roles" = json!(Role::ALL)))
)]
async fn list_own_sessions(
    caller: Bearer,
    State(app): State<QueryApi>,
    at_least: Option<MinPosition>,
) -> Result<Answer<OwnSessions>, Problem> {
    let (user, sign_in) = caller.signed_in().ok_or_else(Problem::no_session)?;
    app.wait(at_least, VIEWS).await?;
    let tenant = caller.identity().tenant;
    // Not an answer that is kept: when a session was used last changes without an event.
    let mut reading = app.read(tenant, &Reach::All, at_least, VIEWS).await?;
    let connection = reading.transaction.connection();
    let found: Vec<Found> = sqlx::query_as(include_str!("session_list.sql"))
        .bind(user)
        .fetch_all(&mut *connection)
        .await
        .map_err(failure::database)?;
    let mut devices = devices(connection, &found, app.0.upcasters).await?;
    let session = |found: Found| {
        let device = devices.remove(&found.id).unwrap_or_default();
        OwnSession::of(found, device, sign_in.session)
    };
    let items = found.into_iter().map(session).collect();
    let links = Links::new().itself(PATH).with("sign_out_everywhere", "DELETE", PATH);
    Ok(reading.freshness.answer(OwnSessions { items, links }, Meta::default()))
}

/// On what sessions were started. That is personal, so no read model has it.
async fn devices(
    connection: &mut PgConnection,
    sessions: &[Found],
    upcasters: Upcasters,
) -> Result<HashMap<Uuid, String>, Problem> {
    let ids: Vec<Uuid> = sessions.iter().map(|session| session.id).collect();
    let sql = format!("select {} {}", read::COLUMNS, include_str!("session_starts.sql"));
    let starts: Vec<Recorded> =
        sqlx::query_as(&sql).bind(ids).fetch_all(&mut *connection).await.map_err(failure::database)?;
    let starts = seal::open(connection, starts, upcasters).await.map_err(failure::database)?;
    let mut devices = HashMap::with_capacity(starts.len());
    for start in starts {
        let fact = decode(start, upcasters).map_err(Problem::internal)?;
        if let Event::Session(SessionEvent::Started { device, .. }) = fact.payload {
            devices.extend(device.reveal().map(|device| (fact.aggregate_id, device.to_string())));
        }
    }
    Ok(devices)
}

impl OwnSession {
    fn of(found: Found, device: String, current: Uuid) -> Self {
        let Found { id, started_at, used_at } = found;
        let links = Links::new().with("sign_out", "DELETE", format!("{PATH}/{id}"));
        Self { id, device, started_at, last_used_at: used_at, current: id == current, links }
    }
}
