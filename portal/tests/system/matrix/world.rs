//! Both APIs over one log, with projections that run in a process of their own; two tenants, a team, and roles.

use std::collections::HashMap;
use std::time::Duration;

use access::rights::RightsWatch;
use access::{LoggedOrganisations, SignInRules, TrailTable};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use command_api::sales::{lead, opportunity};
use command_api::{CommandApi, Context};
use domain::identity::Level;
use domain::identity::permission::{self, Given};
use domain::{CustomRoleId, Text};
use edge::{
    Directory, Identity, Recorder, Revocations, Role, SigningKey, TenantId, TokenKeys, TokenSettings, Trail,
    WebPolicy,
};
use event_store::{Duty, EventStore, SessionPool, StreamNames, connect, nats, read};
use http_body_util::BodyExt as _;
use projections::Positions;
use query_api::QueryApi;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::targets::id;
use crate::crm::{Crm, Site};

pub struct World {
    pub site: Site,
    pub router: Router,
    pub admin: String,
    pub foreign_admin: String,
    /// Who asks: manages a team of which `member` is.
    pub boss: Uuid,
    pub member: Uuid,
    pub colleague: Uuid,
    pub pipeline: Uuid,
    /// One of its stages, but not the first.
    pub stage: Uuid,
    key: SigningKey,
    commands: CommandApi,
    directory: Directory,
    /// Tokens of the boss by what their only role gives.
    tokens: Mutex<HashMap<String, String>>,
    _watch: RightsWatch,
    _projector: Crm,
}

/// The published document: what a new route is in.
pub fn document() -> Value {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Every permission that can be given, as far as a level reaches.
pub fn everything(level: Level) -> Value {
    let given = permission::ALL.iter().filter_map(|permission| {
        let level = match permission.given {
            Given::ByLevel => level,
            Given::Whole => Level::All,
            Given::Never => return None,
        };
        Some((permission.name.to_owned(), json!(level)))
    });
    Value::Object(given.collect())
}

impl World {
    pub async fn new() -> Self {
        let site = Site::new().await;
        let projector = site.start(&["projector"]).await;
        let key = SigningKey::from_pem(&site.private_key()).unwrap();
        let Apis { router, commands, directory, watch } = apis(&site, &key).await;
        let foreign = TenantId::from_uuid(Uuid::now_v7());
        let admin_of = |tenant| {
            let admin = Identity::new("test", tenant, vec![Role::Admin]);
            key.mint(&TokenSettings::default(), &admin, Duration::from_secs(3600)).unwrap()
        };
        let (admin, foreign_admin) = (admin_of(site.tenant), admin_of(foreign));
        let nobody = Uuid::nil();
        let mut world = Self {
            site,
            router,
            admin,
            foreign_admin,
            boss: nobody,
            member: nobody,
            colleague: nobody,
            pipeline: nobody,
            stage: nobody,
            key,
            commands,
            directory,
            tokens: Mutex::default(),
            _watch: watch,
            _projector: projector,
        };
        for name in ["boss", "member", "colleague"] {
            let body = json!({"name": name, "email": format!("{name}@engines.example")});
            let user = world.made("/api/v1/users", body).await;
            match name {
                "boss" => world.boss = user,
                "member" => world.member = user,
                _ => world.colleague = user,
            }
        }
        let team = world.made("/api/v1/teams", json!({"name": "North", "manager_id": world.boss})).await;
        let below = json!({"name": "Far North", "parent_id": team});
        let below = world.made("/api/v1/teams", below).await;
        let joins = format!("/api/v1/teams/{below}/members/{}", world.member);
        assert_eq!(world.send("PUT", &joins, &world.admin, None).await.0, 200);
        world.pipeline = world.made("/api/v1/pipelines/default", json!({})).await;
        let path = format!("/api/v1/pipelines/{}", world.pipeline);
        let (_, pipeline) = world.send("GET", &path, &world.admin, None).await;
        world.stage = pipeline["data"]["stages"][1]["id"].as_str().unwrap().parse().unwrap();
        world
    }

    /// The id of what an administrator makes.
    pub async fn made(&self, path: &str, body: Value) -> Uuid {
        let (status, made) = self.send("POST", path, &self.admin, Some(body)).await;
        assert!(matches!(status, 200 | 201), "{path}: {made}");
        id(&made)
    }

    /// A token of the boss, who has one role that gives this.
    pub async fn token(&self, grants: Value) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(&grants.to_string()) {
            return token.clone();
        }
        let token = self.token_of(vec![self.role(grants.clone(), &[]).await]);
        tokens.insert(grants.to_string(), token.clone());
        token
    }

    /// The same, with a role that hides fields.
    pub async fn token_hiding(&self, grants: Value, hidden: &[&str]) -> String {
        self.token_of(vec![self.role(grants, hidden).await])
    }

    /// A role that gives this and hides fields.
    pub async fn role(&self, grants: Value, hidden: &[&str]) -> CustomRoleId {
        let body = json!({"name": Uuid::now_v7(), "grants": grants, "hidden": hidden});
        let role = CustomRoleId::from_uuid(self.made("/api/v1/roles", body).await);
        // Its own news would come a fifth of a second later.
        self.directory.forget(self.site.tenant);
        role
    }

    /// A token of the boss in these roles.
    pub fn token_of(&self, roles: Vec<CustomRoleId>) -> String {
        let boss = Identity::new(self.boss.to_string(), self.site.tenant, vec![]).with_custom_roles(roles);
        self.key.mint(&TokenSettings::default(), &boss, Duration::from_secs(3600)).unwrap()
    }

    /// Status and body of an answer.
    pub async fn send(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        if method == "GET" {
            request = request.header("x-min-position", self.head().await.to_string());
        }
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        let answer = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The position of the last event.
    pub async fn head(&self) -> i64 {
        read::head(self.commands.store().pool()).await.unwrap()
    }

    /// As if it had never been made.
    pub async fn take_back(&self, collection: &str, thing: Uuid) {
        let context = Context::new(self.site.tenant, "test", "a test");
        let reason = Text::parse("Made by mistake").unwrap();
        let done = match collection {
            "leads" => lead::withdraw(&self.commands, &context, thing.into(), reason).await,
            _ => opportunity::withdraw(&self.commands, &context, thing.into(), reason).await,
        };
        done.unwrap();
    }
}

struct Apis {
    router: Router,
    commands: CommandApi,
    directory: Directory,
    watch: RightsWatch,
}

async fn apis(site: &Site, key: &SigningKey) -> Apis {
    let pool = |duty, connections| connect(site.database.url(), duty, connections).unwrap();
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
    let (log, upcasters) = (pool(Duty::Reader, 1), event_store::fixtures::upcasters());
    let directory = Directory::new(LoggedOrganisations::new(log, upcasters, SignInRules::default()));
    let revocations = Revocations::new();
    let watch = RightsWatch::start(pool(Duty::Identity, 1), revocations.clone(), directory.clone());
    let store = EventStore::start(pool(Duty::Appender, 4), event_store::fixtures::upcasters());
    let commands = CommandApi::new(store, keys.clone())
        .with_revocations(revocations.clone())
        .with_directory(directory.clone());
    let trail = Trail::start(TrailTable::new(pool(Duty::Trail, 2)));
    let client = nats::connect(&site.nats_url).await.unwrap();
    let names = StreamNames::rooted(site.nats_root.clone());
    let positions = Positions::start(client, &names, pool(Duty::Reader, 1));
    let sessions = SessionPool::new(site.database.url(), Duty::Reader, 4).unwrap();
    let queries = QueryApi::new(sessions, positions, keys, event_store::fixtures::upcasters())
        .with_revocations(revocations)
        .with_directory(directory.clone())
        .with_trail(trail.clone());
    let router = command_api::router(commands.clone()).merge(query_api::router(queries));
    let router = edge::finish_for(router, &WebPolicy::default(), Some(Recorder::new(trail, 0)));
    Apis { router, commands, directory, watch }
}
