//! What is done by links in mails, as a client does it.

use std::time::{Duration, Instant};

use embedded::testing::{TestMail, TestSmtp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Api, Call, Reply};

pub const GRACE: &str = "grace@engines.example";
pub const OLD: &str = "correct horse";
pub const NEW: &str = "battery staple";

/// Sends without a token, from somewhere else each time, so that what is counted of guesses does not matter here.
pub async fn public(api: &Api, path: &str, body: Value) -> Reply {
    let [.., a, b, c] = Uuid::now_v7().into_bytes();
    let call = Call::post(&format!("/api/v1{path}")).anonymous();
    api.send(call.header("x-forwarded-for", &format!("10.{a}.{b}.{c}")).json(body)).await
}

pub async fn sign_in(api: &Api, email: &str, password: &str) -> Reply {
    public(api, "/sessions", json!({"tenant_id": api.tenant, "email": email, "password": password})).await
}

pub async fn accept(api: &Api, token: &str, password: &str) -> Reply {
    public(api, "/invitations/accept", json!({"token": token, "password": password})).await
}

pub async fn reset(api: &Api, token: &str, password: &str) -> Reply {
    public(api, "/password-resets/complete", json!({"token": token, "password": password})).await
}

pub async fn ask_reset(api: &Api, email: &str) -> Reply {
    public(api, "/password-resets", json!({"tenant_id": api.tenant, "email": email})).await
}

/// A user with a password, and the token of a session.
pub async fn grace(api: &Api) -> (Uuid, String) {
    let grace = api.user(GRACE).await;
    api.password(grace, OLD).await;
    let signed_in = sign_in(api, GRACE, OLD).await.is(201);
    (grace, signed_in.body["data"]["access_token"].as_str().unwrap().to_owned())
}

pub async fn invited(api: &Api, server: &mut TestSmtp) -> (Uuid, TestMail) {
    let body = json!({"name": "Grace Hopper", "email": GRACE, "roles": ["sales_rep"], "invite": true});
    let user = api.post("/api/v1/users", body).await.is(201).id();
    (user, server.next().await)
}

/// How many mails are to be sent, and how many links there are.
pub async fn kept(api: &Api) -> (i64, i64) {
    let sql = "select (select count(*) from identity.mail), (select count(*) from identity.link)";
    sqlx::query_as(sql).fetch_one(&api.pool).await.unwrap()
}

pub async fn kept_until(api: &Api, expected: (i64, i64)) {
    let since = Instant::now();
    while kept(api).await != expected {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", kept(api).await);
        tokio::task::yield_now().await;
    }
}
