//! Keys by which programs act for a user.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use domain::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

const PASSWORD: &str = "correct horse";
const KEYS: &str = "/api/v1/api-keys";
const SECOND: Duration = Duration::from_secs(1);

/// Somebody who has just shown who they are.
struct Owner {
    user: Uuid,
    token: String,
}

impl Owner {
    async fn new(api: &Api, email: &str) -> Self {
        let body = json!({"name": "Grace", "email": email, "roles": ["sales_rep"]});
        let user = api.post("/api/v1/users", body).await.is(201).id();
        api.password(user, PASSWORD).await;
        let body = json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD});
        let reply = api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.is(201);
        let token = api.step_up(&access(&reply), PASSWORD, json!({})).await.is(200);
        Self { user, token: access(&token) }
    }

    async fn issue(&self, api: &Api, scopes: &[&str], expires_at: impl Into<Value>) -> Reply {
        let body = json!({"name": "Web form", "scopes": scopes, "expires_at": expires_at.into()});
        api.send(Call::post(KEYS).bearer(&self.token).json(body)).await
    }

    /// The id of a new key, and the key.
    async fn key(&self, api: &Api, scopes: &[&str]) -> (Uuid, String) {
        let reply = self.issue(api, scopes, tomorrow()).await.is(201);
        (reply.id(), reply.body["data"]["key"].as_str().unwrap().to_owned())
    }
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

fn tomorrow() -> Value {
    json!(Utc::now() + TimeDelta::days(1))
}

async fn capture(api: &Api, key: &str) -> Reply {
    api.send(Call::post("/api/v1/leads").bearer(key).json(json!({"name": "Ada"}))).await
}

async fn open_deal(api: &Api, key: &str) -> Reply {
    api.send(Call::post("/api/v1/opportunities").bearer(key).json(json!({"name": "Engine"}))).await
}

/// Returns once the key is refused in a process: within a second, or the test fails.
async fn ends(api: &Api, key: &str) {
    let ended = async { while capture(api, key).await.status != 401 {} };
    tokio::time::timeout(SECOND, ended).await.expect("it takes too long");
    capture(api, key).await.fails(401, "token.invalid");
}

#[tokio::test]
async fn a_key_acts_for_its_user_within_its_scopes_and_is_shown_once() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    let reply = grace.issue(&api, &["lead.capture"], tomorrow()).await.is(201);
    let key = reply.body["data"]["key"].as_str().unwrap();
    assert!(key.starts_with("crm_") && key.len() == 91, "{key}");
    let lead = capture(&api, key).await.is(201).id();
    let actor: String =
        sqlx::query_scalar("select metadata ->> 'actor' from log.event where aggregate_id = $1")
            .bind(lead)
            .fetch_one(&api.pool)
            .await
            .unwrap();
    assert_eq!(actor, grace.user.to_string());
    let refused = open_deal(&api, key).await.fails(403, "permission.missing");
    assert!(refused.body["error"]["detail"].as_str().unwrap().contains("opportunity.open"));
    let sql = "select (select jsonb_agg(to_jsonb(e))::text from log.event as e)
        || (select jsonb_agg(to_jsonb(k))::text from identity.api_key as k)";
    let all: String = sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap();
    assert!(!all.contains(&key[48..]), "the secret is kept");
}

#[tokio::test]
async fn a_scope_gives_no_more_than_the_user_has() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    let (_, key) = grace.key(&api, &["lead.capture", "user.assign_roles"]).await;
    let roles = Call::new("PUT", &path("users", grace.user, "/roles")).bearer(&key);
    api.send(roles.json(json!({"roles": ["admin"]}))).await.fails(403, "permission.missing");
    // What is one's own is not for programs.
    for (method, to) in [("POST", KEYS), ("DELETE", "/api/v1/sessions"), ("POST", "/api/v1/sessions/step-up")]
    {
        api.send(Call::new(method, to).bearer(&key)).await.fails(403, "session.missing");
    }
}

#[tokio::test]
async fn a_change_of_roles_counts_for_keys_within_a_second() {
    let api = Api::new().await;
    let other = api.another();
    let grace = Owner::new(&api, "grace@engines.example").await;
    let (_, key) = grace.key(&api, &["lead.capture"]).await;
    capture(&other, &key).await.is(201);
    let roles = async |roles: Value| {
        api.send(Call::new("PUT", &path("users", grace.user, "/roles")).json(json!({"roles": roles})))
            .await
            .is(200);
    };
    roles(json!(["viewer"])).await;
    let changed = async { while capture(&other, &key).await.status != 403 {} };
    tokio::time::timeout(SECOND, changed).await.expect("it takes too long");
    roles(json!(["sales_rep"])).await;
    let changed = async { while capture(&other, &key).await.status != 201 {} };
    tokio::time::timeout(SECOND, changed).await.expect("it takes too long");
}

#[tokio::test]
async fn a_key_ends_by_revoking_it_and_by_shutting_out_its_user_within_a_second_everywhere() {
    let api = Api::new().await;
    let other = api.another();
    let grace = Owner::new(&api, "grace@engines.example").await;
    let (first, one) = grace.key(&api, &["lead.capture"]).await;
    let (_, two) = grace.key(&api, &["lead.capture"]).await;
    for process in [&api, &other] {
        capture(process, &one).await.is(201);
        capture(process, &two).await.is(201);
    }
    let revoke = || Call::new("DELETE", &format!("{KEYS}/{first}")).bearer(&grace.token);
    api.send(revoke()).await.is(200);
    for process in [&api, &other] {
        ends(process, &one).await;
        capture(process, &two).await.is(201);
    }
    api.send(Call::post(&path("users", grace.user, "/disable"))).await.is(200);
    for process in [&api, &other] {
        ends(process, &two).await;
    }
}

#[tokio::test]
async fn a_key_is_over_when_it_says_so() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    let soon = Utc::now() + TimeDelta::seconds(2);
    let reply = grace.issue(&api, &["lead.capture"], json!(soon)).await.is(201);
    let key = reply.body["data"]["key"].as_str().unwrap().to_owned();
    capture(&api, &key).await.is(201);
    let over = async { while capture(&api, &key).await.status == 201 {} };
    tokio::time::timeout(SECOND * 4, over).await.expect("it is not over");
    assert!(Utc::now() >= soon);
    capture(&api, &key).await.fails(401, "token.invalid");
}

#[tokio::test]
async fn what_is_no_key_is_refused_by_its_field() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    for scopes in [&[][..], &["lead.everything"], &["session.own"], &["public"], &["lead.capture", "*"]] {
        let reply = grace.issue(&api, scopes, tomorrow()).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), ["scopes"], "{scopes:?}");
    }
    for days in [-1, 0, 367] {
        let at = json!(Utc::now() + TimeDelta::days(days));
        grace.issue(&api, &["lead.capture"], at).await.fails(422, "user.key_life");
    }
    assert_eq!(api.count("user.key_issued").await, 0);
}

#[tokio::test]
async fn only_the_whole_key_opens() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    let (_, key) = grace.key(&api, &["lead.capture"]).await;
    let (_, other) = grace.key(&api, &["lead.capture"]).await;
    let mixed = format!("{}{}", &key[..48], &other[48..]);
    let mut elsewhere = access::ApiKey::parse(&key).unwrap();
    elsewhere.tenant = domain::TenantId::from_uuid(Uuid::now_v7());
    let elsewhere = elsewhere.reveal();
    for bad in ["crm_", &key[..90], &format!("{key}A"), &key[4..], &mixed, &elsewhere, &key.to_lowercase()] {
        capture(&api, bad).await.fails(401, "token.invalid");
    }
    // Nor as a cookie, which a browser would send of its own accord.
    let call = Call::post("/api/v1/leads").anonymous().header("cookie", &format!("__Host-crm-access={key}"));
    api.send(call.json(json!({"name": "Ada"}))).await.fails(401, "token.invalid");
    capture(&api, &key).await.is(201);
}

#[tokio::test]
async fn nobody_revokes_the_key_of_another_and_a_digest_without_an_event_opens_nothing() {
    let api = Api::new().await;
    let grace = Owner::new(&api, "grace@engines.example").await;
    let ada = Owner::new(&api, "ada@engines.example").await;
    let (id, key) = grace.key(&api, &["lead.capture"]).await;
    for id in [id, Uuid::now_v7()] {
        api.send(Call::new("DELETE", &format!("{KEYS}/{id}")).bearer(&ada.token))
            .await
            .fails(404, "not_found");
    }
    capture(&api, &key).await.is(201);
    // As if the process had ended before the event.
    let lost = access::ApiKey::fresh(api.tenant, Uuid::now_v7().into()).unwrap();
    let sql = "insert into identity.api_key (tenant_id, id, user_id, digest, expires_at)
        values ($1, $2, $3, $4, now() + interval '1 day')";
    sqlx::query(sql)
        .bind(api.tenant.as_uuid())
        .bind(lost.id.as_uuid())
        .bind(grace.user)
        .bind(lost.digest())
        .execute(&api.pool)
        .await
        .unwrap();
    capture(&api, &lost.reveal()).await.fails(401, "token.invalid");
}

#[tokio::test]
async fn an_admin_takes_a_key_of_a_user_away_and_nobody_else_does() {
    let api = Api::new().await;
    let (grace, ada) =
        (Owner::new(&api, "grace@engines.example").await, Owner::new(&api, "ada@engines.example").await);
    let (id, key) = grace.key(&api, &["lead.capture"]).await;
    capture(&api, &key).await.is(201);
    let of = |user: Uuid| Call::new("DELETE", &path("users", user, &format!("/api-keys/{id}")));
    api.send(of(grace.user).bearer(&ada.token)).await.fails(403, "permission.missing");
    api.send(of(grace.user).bearer(&grace.token)).await.fails(403, "permission.missing");
    // It is a key of Grace's, and of nobody else.
    api.send(of(ada.user)).await.fails(404, "not_found");
    api.send(of(grace.user).of(TenantId::from_uuid(Uuid::now_v7()))).await.fails(404, "not_found");
    api.send(of(grace.user)).await.is(200);
    ends(&api, &key).await;
    assert_eq!(api.history(grace.user).await.last().unwrap(), "user.key_revoked");
    api.send(of(grace.user)).await.fails(404, "not_found");
}
