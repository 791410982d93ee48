//! A log, its read models and the API over them, for one test.

use std::time::Duration;

use access::TrailTable;
use async_nats::jetstream;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use domain::TenantId;
use edge::{Identity, Issue, Recorder, Role, SignIn, SigningKey, TokenKeys, TokenSettings, Trail, WebPolicy};
use embedded::testing::{self, TestDatabase};
use event_store::relay::Relay;
use event_store::{Change, Duty, EventStore, Metadata, SessionPool, StreamNames, connect, read};
use http_body_util::BodyExt;
use projections::{Positions, registry, runner};
use query_api::QueryApi;
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt;
use uuid::Uuid;

pub struct World {
    pub database: TestDatabase,
    pub store: EventStore,
    pub router: Router,
    pub tenant: TenantId,
    pub trail: Trail,
    positions: Positions,
    key: SigningKey,
    relay: JoinHandle<()>,
    runners: JoinSet<()>,
}

/// An answer, with its body read as JSON.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl World {
    pub async fn new() -> Self {
        let database = testing::database().await;
        let nats = testing::nats();
        let client = event_store::nats::connect(&nats.url).await.unwrap();
        let names = StreamNames::rooted(nats.stream);
        let pool = |duty, size| connect(database.url(), duty, size).unwrap();
        let upcasters = event_store::fixtures::upcasters();
        let store = EventStore::start(pool(Duty::Appender, 4), upcasters);
        let relay = Relay {
            database_url: database.url().into(),
            jetstream: jetstream::new(client.clone()),
            names: names.clone(),
            replicas: 1,
            appended: store.appended(),
        };
        let projector = pool(Duty::Projector, 6);
        let runners = runner::start_all(&projector, client.clone(), names.clone(), upcasters);
        let reader = SessionPool::new(database.url(), Duty::Reader, 6).unwrap();
        let positions = Positions::start(client.clone(), &names, pool(Duty::Reader, 2));
        let key = SigningKey::generate().unwrap();
        let trail = Trail::start(TrailTable::new(pool(Duty::Trail, 2)));
        let router = router(api(reader, &positions, &key).with_trail(trail.clone()), &trail);
        Self {
            database,
            store,
            router,
            tenant: TenantId::from_uuid(Uuid::now_v7()),
            trail,
            positions,
            key,
            relay: tokio::spawn(relay.run()),
            runners,
        }
    }

    /// The API over other sessions.
    pub fn router_over(&self, sessions: SessionPool) -> Router {
        router(self.api(sessions, &self.positions), &self.trail)
    }

    /// The same, made otherwise.
    pub fn router_with(&self, sessions: SessionPool, made: impl Fn(QueryApi) -> QueryApi) -> Router {
        router(made(self.api(sessions, &self.positions)), &self.trail)
    }

    /// The API in a process of its own, with a policy of browsers and URLs.
    pub fn router_by(&self, web: &WebPolicy) -> Router {
        let api = query_api::router(self.api(self.sessions(6), &self.positions));
        edge::finish_for(api, web, Some(Recorder::new(self.trail.clone(), 0)))
    }

    /// The API in a process of its own, that takes the time from a clock.
    pub fn router_at(&self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Router {
        router(self.api(self.sessions(6), &self.positions).with_clock(clock), &self.trail)
    }

    /// The API in a process of its own, that hears no announcement: for it, NATS is away.
    pub async fn router_without_nats(&self) -> Router {
        let client = event_store::nats::connect(&testing::nats().url).await.unwrap();
        let pool = connect(self.database.url(), Duty::Reader, 2).unwrap();
        let nobody = StreamNames::rooted(format!("nobody-{}", Uuid::now_v7().simple()));
        router(self.api(self.sessions(6), &Positions::start(client, &nobody, pool)), &self.trail)
    }

    /// At most so many sessions for reads.
    pub fn sessions(&self, most: u32) -> SessionPool {
        SessionPool::new(self.database.url(), Duty::Reader, most).unwrap()
    }

    fn api(&self, sessions: SessionPool, positions: &Positions) -> QueryApi {
        api(sessions, positions, &self.key).with_trail(self.trail.clone())
    }

    /// A change of this world's tenant that happens at a time.
    pub fn change(&self, actor: &str, occurred_at: DateTime<Utc>) -> Change {
        let correlation_id = "test".to_owned();
        let metadata = Metadata {
            actor: actor.to_owned(),
            occurred_at,
            correlation_id,
            import: None,
            traceparent: None,
        };
        Change::new(self.tenant.into(), &metadata).unwrap()
    }

    pub async fn commit(&self, change: Change) -> i64 {
        self.store.commit(change).await.unwrap().position
    }

    /// Waits until every read model has folded the whole log.
    pub async fn settle(&self) {
        let head = read::head(self.store.pool()).await.unwrap();
        for model in registry() {
            let limit = Duration::from_secs(60);
            let reached = self.positions.wait(model.name(), head, limit).await.unwrap();
            assert!(reached >= head, "{} is at {reached}, the log at {head}", model.name());
        }
    }

    /// Stops all runners, so that the read models stand still.
    pub fn stop_folding(&mut self) {
        self.runners.abort_all();
    }

    pub fn token(&self, tenant: TenantId, roles: &[Role]) -> String {
        let identity = Identity::new("sam", tenant, roles.to_vec());
        self.key.mint(&TokenSettings::default(), &identity, Duration::from_secs(3600)).unwrap()
    }

    /// The token of a user who is signed in by a session.
    pub fn own_token(&self, user: Uuid, session: Uuid) -> String {
        let identity = Identity::new(user.to_string(), self.tenant, Vec::new());
        let sign_in = Some(SignIn { session, rights: 1, version: 1 });
        let issue = Issue {
            at: Utc::now().timestamp(),
            ttl: Duration::from_secs(900),
            jti: Uuid::now_v7(),
            sign_in,
            auth_time: None,
        };
        self.key.sign(&TokenSettings::default(), &identity, issue).unwrap()
    }

    /// A request of somebody in a role of this world's tenant.
    pub fn request(&self, role: Role, uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let bearer = format!("Bearer {}", self.token(self.tenant, &[role]));
        let request = Request::get(uri).header("authorization", bearer);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::empty()).unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// What an administrator is answered.
    pub async fn get(&self, uri: &str) -> Reply {
        self.send(self.request(Role::Admin, uri, &[])).await
    }

    pub async fn get_with(&self, uri: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(self.request(Role::Admin, uri, headers)).await
    }

    pub async fn get_as(&self, role: Role, uri: &str) -> Reply {
        self.send(self.request(role, uri, &[])).await
    }

    /// The data of an answer that must be a success.
    pub async fn data(&self, uri: &str) -> Value {
        self.get(uri).await.data(uri)
    }
}

fn api(sessions: SessionPool, positions: &Positions, key: &SigningKey) -> QueryApi {
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
    QueryApi::new(sessions, positions.clone(), keys, event_store::fixtures::upcasters())
}

fn router(api: QueryApi, trail: &Trail) -> Router {
    let recorder = Recorder::new(trail.clone(), 0);
    edge::finish_for(query_api::router(api), &WebPolicy::default(), Some(recorder))
}

impl Drop for World {
    fn drop(&mut self) {
        self.relay.abort();
        self.stop_folding();
    }
}

impl Reply {
    /// Where it came from: `hit`, `fwd=miss` or `fwd=miss; collapsed`.
    pub fn source(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.headers["cache-status"].to_str().unwrap().strip_prefix("crm; ").unwrap()
    }

    pub fn data(self, uri: &str) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{uri}: {}", self.body);
        self.body["data"].clone()
    }

    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The fields that a 422 names.
    pub fn bad_fields(&self) -> Vec<&str> {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", self.body);
        let errors = self.body["error"]["errors"].as_array().unwrap();
        errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
    }
}

/// A field of each item of a list.
pub fn each<'v>(data: &'v Value, field: &str) -> Vec<&'v Value> {
    data["items"].as_array().unwrap().iter().map(|item| &item[field]).collect()
}

/// The names of links, in the order of the alphabet.
pub fn names(links: &Value) -> Vec<&str> {
    links.as_object().unwrap().keys().map(String::as_str).collect()
}
