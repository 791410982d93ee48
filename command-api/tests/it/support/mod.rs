//! An API on a database of its own, calls and replies.

pub mod billing;
mod call;
pub mod hostile;
pub mod mail;
pub mod provider;
mod routes;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::mail::Mailer;
use access::rights::RightsWatch;
use access::{Hasher, KeyRing, LoggedOrganisations, Password, SharedLimits, TrailTable, Vault};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, Utc};
use command_api::identity::{Federation, Issuer, Post, Postman, password};
use command_api::{CommandApi, Context, router};
use domain::TenantId;
use edge::{
    Directory, Identity, Issue, Recorder, Revocations, Role, SigningKey, TokenKeys, TokenSettings, Trail,
    WebPolicy, finish, finish_for,
};
use embedded::testing::{self, TestDatabase};
use event_store::{Duty, EventStore, MasterKeys, connect, fixtures, read, seal};
use openid::Providers;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tower::ServiceExt;
use uuid::Uuid;

pub use call::{Call, Reply};
pub use routes::{Route, Things, routes};

/// Where links in mails lead.
pub const PUBLIC_URL: &str = "https://crm.example";

/// What a process does to what signs users in, which has this key.
pub type Made = Arc<dyn Fn(Issuer, &SigningKey) -> Issuer + Send + Sync>;

/// The commands of one process, and who may call them.
pub struct Api {
    pub app: CommandApi,
    pub tenant: TenantId,
    router: Router,
    key: SigningKey,
    pub url: String,
    made: Made,
    /// Up to 10 connections past all row-level security.
    pub pool: PgPool,
    pub trail: Trail,
    _watch: RightsWatch,
    /// The database goes with the first of all that share it.
    _database: Option<TestDatabase>,
}

impl Api {
    pub async fn new() -> Self {
        Self::asking(TenantId::from_uuid(Uuid::now_v7()), Vec::new()).await
    }

    /// Of a tenant; providers are asked at public addresses, and at these origins.
    pub async fn asking(tenant: TenantId, origins: Vec<String>) -> Self {
        let made = move |issuer: Issuer, _: &SigningKey| {
            let origins = origins.iter().map(String::as_str).chain([Providers::PUBLIC]);
            issuer.with_federation(Federation::new(Providers::new(origins).unwrap(), PUBLIC_URL))
        };
        Self::of(tenant, Arc::new(made)).await
    }

    /// Processes of it share their limits through a Redis.
    pub async fn sharing(redis: String) -> Self {
        Self::made(Arc::new(move |issuer, key| {
            issuer.with_shared_limits(&SharedLimits::connect(&redis, key.secret_for("limits")).unwrap())
        }))
        .await
    }

    /// Processes of it sign users in otherwise.
    pub async fn made(made: Made) -> Self {
        Self::of(TenantId::from_uuid(Uuid::now_v7()), made).await
    }

    async fn of(tenant: TenantId, made: Made) -> Self {
        let database = testing::database().await;
        let key = SigningKey::generate().unwrap();
        let (url, pool) = (database.url().to_owned(), database.pool());
        let (app, router, watch, trail) = whole(&url, &key, &made);
        Self { app, tenant, router, key, url, made, pool, trail, _watch: watch, _database: Some(database) }
    }

    /// Another process on the same database, with a cache of its own.
    pub fn another(&self) -> Self {
        self.another_made(Arc::clone(&self.made))
    }

    /// The same, which signs users in otherwise.
    pub fn another_made(&self, made: Made) -> Self {
        let (app, router, watch, trail) = whole(&self.url, &self.key, &made);
        let (url, pool, key) = (self.url.clone(), self.pool.clone(), self.key.clone());
        let tenant = self.tenant;
        Self { app, tenant, router, key, url, made, pool, trail, _watch: watch, _database: None }
    }

    /// Another process over a pool of its own.
    pub fn router_over(&self, pool: PgPool) -> Router {
        finish(router(commands(pool, &self.key)))
    }

    /// A token that somebody else issues, who has just asked the subject who they are.
    pub fn token(&self, tenant: TenantId, roles: &[Role], subject: &str) -> String {
        self.token_since(tenant, roles, subject, Some(Utc::now().timestamp()))
    }

    /// The same, of somebody who was asked then, or of whom it is not told.
    pub fn token_since(
        &self,
        tenant: TenantId,
        roles: &[Role],
        subject: &str,
        auth_time: Option<i64>,
    ) -> String {
        let identity = Identity::new(subject, tenant, roles.to_vec());
        let (at, ttl, jti) = (Utc::now().timestamp(), Duration::from_secs(300), Uuid::now_v7());
        let issue = Issue { at, ttl, jti, sign_in: None, auth_time };
        self.key.sign(&TokenSettings::default(), &identity, issue).unwrap()
    }

    /// A token of somebody whose only role is one that the tenant has defined.
    pub fn token_of(&self, role: Uuid, subject: &str) -> String {
        let identity = Identity::new(subject, self.tenant, vec![]).with_custom_roles(vec![role.into()]);
        self.key.mint(&TokenSettings::default(), &identity, Duration::from_secs(300)).unwrap()
    }

    pub fn keys(&self) -> TokenKeys {
        TokenKeys::from_pem(&self.key.public_pem().unwrap(), &TokenSettings::default()).unwrap()
    }

    pub async fn send(&self, call: Call) -> Reply {
        self.request_alone(call).await
    }

    pub async fn request(&self, request: Request<Body>) -> Reply {
        Reply::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The reply to a call, for a task of its own.
    pub fn request_alone(&self, call: Call) -> impl Future<Output = Reply> + Send + 'static {
        let (request, router) = (call.request(self), self.router.clone());
        async move { Reply::read(router.oneshot(request).await.unwrap()).await }
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Call::post(path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Call::new("PATCH", path).json(body)).await
    }

    /// The id of a new lead.
    pub async fn lead(&self) -> Uuid {
        self.post("/api/v1/leads", json!({"name": "Ada Lovelace", "company": "Example Engines"})).await.id()
    }

    /// The id of a new deal in the first stage of the default pipeline.
    pub async fn deal(&self) -> Uuid {
        let amount = json!({"amount": "1200.00", "currency": "EUR"});
        self.post("/api/v1/opportunities", json!({"name": "Engine no. 2", "amount": amount})).await.id()
    }

    /// The id of a new user with this address.
    pub async fn user(&self, email: &str) -> Uuid {
        let body = json!({"name": "Kim", "email": email, "roles": ["sales_rep"]});
        self.post("/api/v1/users", body).await.is(201).id()
    }

    /// The id of a new role that gives this.
    pub async fn role(&self, grants: Value) -> Uuid {
        let body = json!({"name": Uuid::now_v7(), "grants": grants});
        self.post("/api/v1/roles", body).await.is(201).id()
    }

    /// The id of a new team.
    pub async fn team(&self) -> Uuid {
        self.post("/api/v1/teams", json!({"name": "North"})).await.is(201).id()
    }

    /// Sends mails to a server for as long as the set is kept.
    pub fn mails_to(&self, url: &str) -> JoinSet<()> {
        let mailer = Mailer::smtp(url, "CRM <crm@engines.example>").unwrap();
        let mut sending = JoinSet::new();
        sending.spawn(Postman::new(self.app.clone(), mailer).run());
        sending
    }

    /// Gives a user a password.
    pub async fn password(&self, user: Uuid, text: &str) {
        let context = Context::new(self.tenant, "crm", "a test");
        password::set(&self.app, &context, user.into(), Password::choose(text).unwrap()).await.unwrap();
    }

    /// An access token of a new user who has signed in.
    pub async fn signed_in(&self) -> String {
        let (email, password) = (format!("kim.{}@engines.example", Uuid::now_v7()), "correct horse");
        let user = self.user(&email).await;
        self.password(user, password).await;
        let body = json!({"tenant_id": self.tenant, "email": email, "password": password});
        // From an address of its own, so that guesses of others do not count.
        let [.., a, b, c] = user.into_bytes();
        let call =
            Call::post("/api/v1/sessions").anonymous().header("x-forwarded-for", &format!("10.{a}.{b}.{c}"));
        let reply = self.send(call.json(body)).await.is(201);
        reply.body["data"]["access_token"].as_str().unwrap().to_owned()
    }

    /// An access token of somebody who is signed in and has just shown once more who they are; `more` goes along.
    pub async fn step_up(&self, token: &str, password: &str, more: Value) -> Reply {
        let mut body = json!({"password": password});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.send(Call::post("/api/v1/sessions/step-up").bearer(token).json(body)).await
    }

    /// The default pipeline and its stages in order.
    pub async fn default_pipeline(&self) -> (Uuid, Vec<Uuid>) {
        let id = self.post("/api/v1/pipelines/default", json!({})).await.id();
        (id, self.stages(id).await)
    }

    /// The live stages of a pipeline in order.
    pub async fn stages(&self, pipeline: Uuid) -> Vec<Uuid> {
        let found =
            command_api::sales::pipeline::find(&self.app, self.tenant, pipeline.into()).await.unwrap();
        found.unwrap().stages().iter().map(|stage| stage.id.as_uuid()).collect()
    }

    /// The types of an aggregate's events, in order.
    pub async fn history(&self, id: Uuid) -> Vec<String> {
        let sql = "select event_type from log.event where aggregate_id = $1 order by sequence";
        sqlx::query_scalar(sql).bind(id).fetch_all(&self.pool).await.unwrap()
    }

    /// The data of an aggregate's last event, with what is personal in plain text.
    pub async fn last_event(&self, id: Uuid) -> Value {
        let position: i64 = sqlx::query_scalar("select max(position) from log.event where aggregate_id = $1")
            .bind(id)
            .fetch_one(&self.pool)
            .await
            .unwrap();
        let sealed = read::at(&self.pool, position).await.unwrap().into_iter().collect();
        let mut connection = self.pool.acquire().await.unwrap();
        let opened = seal::open(&mut connection, sealed, fixtures::upcasters()).await.unwrap();
        opened[0].payload["data"].clone()
    }

    /// How many events of a type there are.
    pub async fn count(&self, event_type: &str) -> i64 {
        let sql = "select count(*) from log.event where event_type = $1";
        sqlx::query_scalar(sql).bind(event_type).fetch_one(&self.pool).await.unwrap()
    }

    /// The position of the last event of all.
    pub async fn head(&self) -> i64 {
        sqlx::query_scalar("select position from log.head").fetch_one(&self.pool).await.unwrap()
    }

    /// What a deal occupies.
    pub async fn claims(&self, deal: Uuid) -> Vec<String> {
        let sql = "select scope from log.claim where value = $1 order by scope";
        sqlx::query_scalar(sql).bind(deal.to_string()).fetch_all(&self.pool).await.unwrap()
    }
}

/// What keys may be issued for, beside what nobody needs here.
const PERMISSIONS: [&str; 8] = [
    "lead.capture",
    "lead.read",
    "opportunity.open",
    "user.assign_roles",
    "user.change",
    "user.change_policy",
    "user.reset_second_factor",
    "user.unlink_provider",
];

/// All that a process has which signs users in.
fn whole(url: &str, key: &SigningKey, made: &Made) -> (CommandApi, Router, RightsWatch, Trail) {
    let pool = |duty, connections| connect(url, duty, connections).unwrap();
    // Hashing the password of nobody is dear, so all tests share one.
    static HASHER: LazyLock<Hasher> = LazyLock::new(|| Hasher::new(2).unwrap());
    let masters = MasterKeys::parse(event_store::fixtures::MASTER_KEY).unwrap();
    let vault = Vault::new(pool(Duty::Identity, 8)).with_master_keys(masters);
    let issuer = Issuer::new(vault, HASHER.clone());
    let ring = KeyRing::new(
        Vault::new(pool(Duty::Identity, 2)),
        pool(Duty::Reader, 2),
        event_store::fixtures::upcasters(),
    );
    let issuer = issuer
        .with_key(key.clone(), TokenSettings::default())
        .with_post(Post::new(PUBLIC_URL).with_sign_up());
    let issuer = made(issuer, key);
    let revocations = Revocations::new();
    let (log, upcasters) = (pool(Duty::Reader, 2), event_store::fixtures::upcasters());
    let directory = Directory::new(LoggedOrganisations::new(log, upcasters, issuer.rules()));
    let watch = RightsWatch::start(pool(Duty::Identity, 1), revocations.clone(), directory.clone());
    let trail = Trail::start(TrailTable::new(pool(Duty::Trail, 2)));
    let app = commands(pool(Duty::Appender, 8), key)
        .with_issuer(issuer)
        .with_revocations(revocations)
        .with_directory(directory)
        .with_api_keys(Arc::new(ring), PERMISSIONS.map(str::to_owned).into())
        .with_proxies(1)
        .with_trail(trail.clone());
    (
        app.clone(),
        finish_for(router(app), &WebPolicy::default(), Some(Recorder::new(trail.clone(), 1))),
        watch,
        trail,
    )
}

/// Commands, and nobody who signs in.
fn commands(pool: PgPool, key: &SigningKey) -> CommandApi {
    let store = EventStore::start(pool, fixtures::upcasters());
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
    CommandApi::new(store, keys)
}

/// A path of leads, opportunities or pipelines.
pub fn path(collection: &str, id: Uuid, rest: &str) -> String {
    format!("/api/v1/{collection}/{id}{rest}")
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
