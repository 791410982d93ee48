//! A provider that answers whatever a test wants, which no honest one would.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use edge::{SigningKey, TokenKeys, TokenSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::provider::Begun;

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
    state.lock().unwrap().asked.push(("code".to_owned(), headers, body));
    answer(state, "token", |script| script.tokens.clone()).await
}
