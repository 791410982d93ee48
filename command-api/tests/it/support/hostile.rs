//! A provider that answers whatever a test wants, which no honest one would.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use domain::TenantId;
use edge::{SigningKey, TokenKeys, TokenSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::provider::{Begun, Sent, configure};
use super::{Api, Reply};

/// A provider on this machine, which ends when it is dropped.
pub struct Hostile {
    pub issuer: String,
    pub key: SigningKey,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

/// What it answers, and what it was asked.
#[derive(Default)]
pub struct Script {
    pub metadata: Value,
    pub keys: Value,
    pub tokens: Value,
    pub user_info: Value,
    /// Another answer than these, to any question.
    pub instead: Option<(StatusCode, &'static str, String)>,
    /// Whoever brings a code waits here twice: for the test to go on, and for the test.
    pub gate: Option<Arc<Barrier>>,
    pub asked: Vec<(String, HeaderMap, String)>,
}

type Shared = State<Arc<Mutex<Script>>>;

impl Hostile {
    /// One that is as it should be, until a test says otherwise.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = SigningKey::generate().unwrap();
        let script = Script { metadata: metadata(&issuer), keys: published(&key), ..Script::default() };
        let script = Arc::new(Mutex::new(script));
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(|state: Shared| answer(state, "metadata", |s| s.metadata.clone())),
            )
            .route("/keys", get(|state: Shared| answer(state, "keys", |s| s.keys.clone())))
            .route("/me", get(|state: Shared| answer(state, "me", |s| s.user_info.clone())))
            .route("/token", post(token))
            .with_state(Arc::clone(&script));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, key, script, _serving: serving }
    }

    /// Changes what it answers.
    pub fn set<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }

    /// How often it was asked for something.
    pub fn count(&self, what: &str) -> usize {
        self.set(|script| script.asked.iter().filter(|(asked, ..)| asked == what).count())
    }

    /// What an honest provider says of grace in an answer to a sign-in.
    pub fn claims(&self, begun: &Begun) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.issuer, "sub": "grace", "aud": "crm", "iat": now, "exp": now + 300, "nonce": begun.asked("nonce"),
            "email": "grace@engines.example", "email_verified": true, "name": "Grace Hopper",
        })
    }

    /// Has it answer with an id token of its key.
    pub fn says(&self, claims: &Value) {
        self.gives(&signed(&self.key, claims));
    }

    /// Has it answer with this as id token.
    pub fn gives(&self, id_token: &str) {
        let tokens = json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
        self.set(|script| script.tokens = tokens);
    }
}

/// A tenant whose provider is not to be trusted.
pub struct Scene {
    pub api: Api,
    pub provider: Hostile,
    pub grace: Uuid,
}

impl Scene {
    pub async fn new() -> Self {
        let provider = Hostile::new().await;
        let tenant = TenantId::from_uuid(Uuid::now_v7());
        let api = Api::asking(tenant, vec![provider.issuer.clone()]).await;
        let body = json!({"name": "Grace", "email": "grace@engines.example", "roles": ["sales_rep"]});
        let grace = api.post("/api/v1/users", body).await.is(201).id();
        configure(&api, &provider.issuer, json!({})).await.is(200);
        Self { api, provider, grace }
    }

    /// A sign-in of which the provider says what is made of the truth.
    pub async fn told(&self, lie: impl FnOnce(&mut Value)) -> Reply {
        let begun = Begun::new(&self.api).await;
        let mut claims = self.provider.claims(&begun);
        lie(&mut claims);
        self.provider.says(&claims);
        self.complete(&begun).await
    }

    pub async fn complete(&self, begun: &Begun) -> Reply {
        self.api.send(begun.complete(&self.sent(begun), json!({}))).await
    }

    pub fn sent(&self, begun: &Begun) -> Sent {
        let query = [("state".to_owned(), begun.asked("state")), ("code".to_owned(), "a code".to_owned())];
        Sent { tenant: self.api.tenant.as_uuid(), query: query.into() }
    }
}

/// An id token of a key, whoever has it.
pub fn signed(key: &SigningKey, claims: &Value) -> String {
    let header = Header { kid: Some(key.kid()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &EncodingKey::from_ed_pem(key.to_pem().unwrap().as_bytes()).unwrap()).unwrap()
}

/// The public half of a key, as providers publish it.
pub fn published(key: &SigningKey) -> Value {
    let keys = TokenKeys::from_pem(&key.public_pem().unwrap(), &TokenSettings::default()).unwrap();
    serde_json::to_value(keys.jwks()).unwrap()
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/me"), "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

async fn answer(State(script): Shared, what: &str, pick: fn(&Script) -> Value) -> Response {
    let mut script = script.lock().unwrap();
    script.asked.push((what.to_owned(), HeaderMap::new(), String::new()));
    match &script.instead {
        Some((status, location, body)) => {
            (*status, [(header::LOCATION, *location)], body.clone()).into_response()
        }
        None => Json(pick(&script)).into_response(),
    }
}

async fn token(state: Shared, headers: HeaderMap, body: String) -> Response {
    let gate = {
        let mut script = state.lock().unwrap();
        script.asked.push(("code".to_owned(), headers, body));
        script.gate.clone()
    };
    if let Some(gate) = gate {
        gate.wait().await;
        gate.wait().await;
    }
    answer(state, "token", |script| script.tokens.clone()).await
}
