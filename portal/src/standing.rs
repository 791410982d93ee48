//! How far everything is: the log, the stream, each read model. Read in one go, for metrics, health and `crm status`.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream;
use chrono::{DateTime, Utc};
use event_store::stream::position;
use event_store::{Duty, StreamNames, connect, relay};
use projections::registry;
use sqlx::{FromRow, PgPool};

use crate::config::SiteArgs;
use crate::site::Site;

/// How long either server may take to tell.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What the database tells.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Position of the last event.
    pub head: i64,
    /// When it was recorded; none for an empty log.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Whether some relay holds the lock.
    pub relay_locked: bool,
    /// Bytes of the database.
    pub bytes: i64,
    /// Connections to the server, and how many it allows.
    pub connections: (i64, i64),
    /// Every read model of this build.
    pub views: Vec<View>,
    /// Rebuilds under way: how far each is, and how far it has to go.
    pub rebuilds: Vec<Rebuild>,
}

/// How far a read model is.
#[derive(Clone, Debug, FromRow)]
pub struct View {
    /// Its name.
    #[sqlx(rename = "view")]
    pub name: String,
    /// Position of the last event folded.
    pub position: i64,
    /// Age in seconds of the oldest event not folded; 0 if there is none.
    pub behind_seconds: f64,
    /// Tenants whose rows stand still.
    pub parked: i64,
}

/// How far a rebuild is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    /// The read model.
    pub view: String,
    /// Position of the last event folded.
    pub position: i64,
    /// Position of the live read model.
    pub target: i64,
}

/// What NATS tells of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Sequence of the last message, which is its position.
    pub position: i64,
    /// Messages in it.
    pub messages: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// Asks both servers.
#[derive(Clone)]
pub struct Observer {
    pool: PgPool,
    jetstream: jetstream::Context,
    names: StreamNames,
}

impl Observer {
    /// One connection to each server of a site.
    pub async fn connect(args: &SiteArgs, site: &Site) -> anyhow::Result<Self> {
        let client = site.nats().await?;
        Ok(Self {
            pool: connect(&site.database_url, Duty::Observer, 1)?,
            jetstream: jetstream::new(client),
            names: args.names(),
        })
    }

    /// What the database tells, in time.
    pub async fn log(&self) -> anyhow::Result<Log> {
        Ok(tokio::time::timeout(PATIENCE, read(&self.pool)).await??)
    }

    /// What NATS tells, in time; nothing if there is no stream yet.
    pub async fn stream(&self) -> anyhow::Result<Option<Stream>> {
        use async_nats::jetstream::ErrorCode;
        use async_nats::jetstream::context::GetStreamErrorKind;
        match tokio::time::timeout(PATIENCE, self.jetstream.get_stream(self.names.stream())).await? {
            Ok(stream) => {
                let state = &stream.cached_info().state;
                let (messages, bytes) = (state.messages, state.bytes);
                Ok(Some(Stream { position: position(state.last_sequence), messages, bytes }))
            }
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                GetStreamErrorKind::JetStream(_)
                | GetStreamErrorKind::EmptyName
                | GetStreamErrorKind::Request
                | GetStreamErrorKind::InvalidStreamName => Err(error.into()),
            },
        }
    }

    /// The name of the stream.
    pub fn stream_name(&self) -> String {
        self.names.stream()
    }
}

#[derive(FromRow)]
struct Servers {
    head: i64,
    recorded_at: Option<DateTime<Utc>>,
    relay_locked: bool,
    bytes: i64,
    connections: i64,
    connections_max: i64,
    rebuilds: Vec<String>,
}

async fn read(pool: &PgPool) -> Result<Log, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let names: Vec<&str> = registry().iter().map(projections::ReadModel::name).collect();
    // The head last: a read model read after it could be beyond it.
    let views: Vec<View> =
        sqlx::query_as(include_str!("standing/views.sql")).bind(&names).fetch_all(&mut *connection).await?;
    let servers: Servers = sqlx::query_as(include_str!("standing/servers.sql"))
        .bind(relay::LOCK)
        .bind(projections::rebuild::SESSION)
        .fetch_one(&mut *connection)
        .await?;
    Ok(Log {
        head: servers.head,
        recorded_at: servers.recorded_at,
        relay_locked: servers.relay_locked,
        bytes: servers.bytes,
        connections: (servers.connections, servers.connections_max),
        views,
        rebuilds: rebuilds(&servers.rebuilds),
    })
}

/// What sessions of rebuilds call themselves; of two of the same read model the one that is further, as the other waits.
fn rebuilds(sessions: &[String]) -> Vec<Rebuild> {
    let mut known = BTreeMap::new();
    for session in sessions {
        let mut words = session.split(' ');
        let (Some(_), Some(view), Some(progress)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let Some((Ok(position), Ok(target))) = progress.split_once('/').map(|(a, b)| (a.parse(), b.parse()))
        else {
            continue;
        };
        let furthest: &mut (i64, i64) = known.entry(view.to_owned()).or_default();
        *furthest = (*furthest).max((position, target));
    }
    known.into_iter().map(|(view, (position, target))| Rebuild { view, position, target }).collect()
}
