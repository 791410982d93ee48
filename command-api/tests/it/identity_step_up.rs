//! Showing once more who one is: what asks for it, and what does not.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use edge::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Api, Call, Reply, path};

const PASSWORD: &str = "correct horse";

struct Admin {
    user: Uuid,
    token: String,
    refresh_token: String,
}

impl Admin {
    async fn new(api: &Api) -> Self {
        let email = format!("grace.{}@engines.example", Uuid::now_v7());
        let body = json!({"name": "Grace", "email": email, "roles": ["admin"]});
        let user = api.post("/api/v1/users", body).await.is(201).id();
        api.password(user, PASSWORD).await;
        let body = json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD});
        let reply = api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.is(201);
        let refresh_token = reply.body["data"]["refresh_token"].as_str().unwrap().to_owned();
        Self { user, token: access(&reply), refresh_token }
    }
}

fn access(reply: &Reply) -> String {
    reply.body["data"]["access_token"].as_str().unwrap().to_owned()
}

/// What asks for it, with a body that is fine.
fn asks(user: Uuid) -> Vec<(&'static str, String, Value)> {
    let expires_at = Utc::now() + TimeDelta::days(1);
    vec![
        ("PUT", path("users", user, "/roles"), json!({"roles": ["viewer"]})),
        ("PATCH", path("users", user, ""), json!({"email": "k@engines.example"})),
        (
            "POST",
            "/api/v1/users".to_owned(),
            json!({"name": "N", "email": "n@engines.example", "roles": ["admin"]}),
        ),
        ("POST", "/api/v1/roles".to_owned(), json!({"name": "R", "grants": {"lead.read": "all"}})),
        ("POST", "/api/v1/teams".to_owned(), json!({"name": "T", "manager_id": user})),
        ("DELETE", path("users", user, "/second-factor"), json!({})),
        ("PUT", "/api/v1/policies/second-factor".to_owned(), json!({"demanded": false})),
        ("POST", "/api/v1/second-factor/confirm".to_owned(), json!({"code": "123456"})),
        ("DELETE", "/api/v1/second-factor".to_owned(), json!({})),
        (
            "POST",
            "/api/v1/api-keys".to_owned(),
            json!({"name": "K", "scopes": ["lead.read"], "expires_at": expires_at}),
        ),
    ]
}

#[tokio::test]
async fn what_gives_power_asks_once_more_who_it_is() {
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    let kim = api.user("kim@engines.example").await;
    let head = api.head().await;
    for (method, to, body) in asks(kim) {
        let reply = api.send(Call::new(method, &to).bearer(&admin.token).json(body)).await;
        let reply = reply.fails(401, "step_up.required");
        let challenge = reply.header("www-authenticate");
        assert!(
            challenge.contains("error=\"insufficient_user_authentication\"")
                && challenge.contains("max_age=300")
        );
    }
    assert_eq!(api.head().await, head);
    let reply = api.step_up(&admin.token, PASSWORD, json!({})).await.is(200);
    assert_eq!(
        (&reply.body["data"]["max_age"], &reply.body["data"]["token_type"]),
        (&json!(300), &json!("Bearer"))
    );
    let fresh = access(&reply);
    for (method, to, body) in asks(kim) {
        let reply = api.send(Call::new(method, &to).bearer(&fresh).json(body)).await;
        // No second factor was begun; all else goes.
        assert!(matches!(reply.status.as_u16(), 200 | 201 | 409), "{to}: {}", reply.text);
    }
}

/// Else a key would have the roles that its user does not have without one.
#[tokio::test]
async fn who_lacks_the_second_factor_that_is_demanded_is_issued_no_key() {
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    let fresh = access(&api.step_up(&admin.token, PASSWORD, json!({})).await.is(200));
    let issue = || {
        let expires_at = Utc::now() + TimeDelta::days(1);
        let body = json!({"name": "K", "scopes": ["lead.read"], "expires_at": expires_at});
        Call::post("/api/v1/api-keys").bearer(&fresh).json(body)
    };
    api.send(issue()).await.is(201);
    let demand = Call::new("PUT", "/api/v1/policies/second-factor").bearer(&fresh);
    api.send(demand.json(json!({"demanded": true}))).await.is(200);
    api.send(issue()).await.fails(409, "second_factor.demanded");
}

#[tokio::test]
async fn what_gives_no_power_does_not_ask() {
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    let kim = api.user("kim@engines.example").await;
    for (method, to, body) in [
        ("PATCH", path("users", kim, ""), json!({"name": "Kimberly"})),
        ("POST", "/api/v1/users".to_owned(), json!({"name": "N", "email": "n@engines.example"})),
        ("POST", path("users", kim, "/disable"), json!({})),
        ("POST", "/api/v1/leads".to_owned(), json!({"name": "Ada"})),
    ] {
        let reply = api.send(Call::new(method, &to).bearer(&admin.token).json(body)).await;
        assert!(reply.status.is_success(), "{to}: {}", reply.text);
    }
}

#[tokio::test]
async fn ending_another_session_asks_and_ending_ones_own_or_all_of_them_does_not() {
    let api = Api::new().await;
    let email = "ada@engines.example";
    let ada = api.user(email).await;
    api.password(ada, PASSWORD).await;
    let sign_in = async || {
        let body = json!({"tenant_id": api.tenant, "email": email, "password": PASSWORD});
        let reply = api.send(Call::post("/api/v1/sessions").anonymous().json(body)).await.is(201);
        (reply.uuid("session_id"), access(&reply))
    };
    let end = |session: Uuid, token: &str| Call::new("DELETE", &path("sessions", session, "")).bearer(token);
    let ((phone, _), (laptop, token), (_, tablet)) = (sign_in().await, sign_in().await, sign_in().await);
    api.send(end(phone, &token)).await.fails(401, "step_up.required");
    assert_eq!(api.history(phone).await, ["session.started"]);
    let fresh = access(&api.step_up(&token, PASSWORD, json!({})).await.is(200));
    api.send(end(phone, &fresh)).await.is(200);
    assert_eq!(api.history(phone).await, ["session.started", "session.ended"]);
    api.send(end(laptop, &fresh)).await.is(200);
    // Whoever fears that somebody else is in gets everybody out, with nothing in hand.
    api.send(Call::new("DELETE", "/api/v1/sessions").bearer(&tablet)).await.is(200);
}

#[tokio::test]
async fn only_who_knows_the_password_gets_further_and_may_not_guess_it() {
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    for _ in 0..5 {
        api.step_up(&admin.token, "wrong one", json!({})).await.fails(401, "password.wrong");
    }
    api.step_up(&admin.token, PASSWORD, json!({})).await.fails(429, "rate.limited");
    let service = api.token(api.tenant, &[Role::Admin], "sam");
    api.step_up(&service, PASSWORD, json!({})).await.fails(403, "session.missing");
}

#[tokio::test]
async fn it_counts_for_five_minutes_and_not_beyond_the_session() {
    fn in_six_minutes() -> DateTime<Utc> {
        Utc::now() + TimeDelta::minutes(6)
    }
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    let kim = api.user("kim@engines.example").await;
    let fresh = access(&api.step_up(&admin.token, PASSWORD, json!({})).await.is(200));
    let roles = |token: &str| {
        Call::new("PUT", &path("users", kim, "/roles")).bearer(token).json(json!({"roles": ["viewer"]}))
    };
    let later = edge::finish(command_api::router(api.app.clone().with_clock(in_six_minutes)));
    let answer = tower::ServiceExt::oneshot(later, roles(&fresh).request(&api)).await.unwrap();
    Reply::read(answer).await.fails(401, "step_up.required");
    api.send(roles(&fresh)).await.is(200);
    api.send(Call::new("DELETE", "/api/v1/sessions").bearer(&fresh)).await.is(200);
    let ended = async { while api.send(roles(&fresh)).await.status != 401 {} };
    tokio::time::timeout(Duration::from_secs(1), ended).await.expect("it takes too long");
    api.send(roles(&fresh)).await.fails(401, "token.revoked");
    assert_eq!(api.history(admin.user).await.last().unwrap(), "user.signed_out_everywhere");
}

#[tokio::test]
async fn tokens_that_others_issue_tell_when_a_user_was_asked_and_services_are_not() {
    let api = Api::new().await;
    let kim = api.user("kim@engines.example").await;
    let admin = api.user("grace@engines.example").await.to_string();
    let now = Utc::now().timestamp();
    for (subject, auth_time, status) in [
        ("sam", None, 200),
        (&admin, Some(now), 200),
        (&admin, None, 401),
        (&admin, Some(now - 301), 401),
        (&admin, Some(now + 60), 401),
    ] {
        let token = api.token_since(api.tenant, &[Role::Admin], subject, auth_time);
        let call = Call::new("PUT", &path("users", kim, "/roles")).json(json!({"roles": ["viewer"]}));
        let reply = api.send(call.bearer(&token)).await;
        assert_eq!(reply.status, status, "{subject} {auth_time:?}: {}", reply.text);
        if status == 401 {
            reply.fails(401, "step_up.required");
        }
    }
}

#[tokio::test]
async fn tokens_of_before_are_over_and_a_refresh_brings_no_proof() {
    let api = Api::new().await;
    let (admin, other) = (Admin::new(&api).await, Admin::new(&api).await);
    let kim = api.user("kim@engines.example").await;
    let roles = |token: &str| {
        Call::new("PUT", &path("users", kim, "/roles")).bearer(token).json(json!({"roles": ["viewer"]}))
    };
    let capture = |token: &str| Call::post("/api/v1/leads").bearer(token).json(json!({"name": "Ada"}));
    let fresh = access(&api.step_up(&admin.token, PASSWORD, json!({})).await.is(200));
    let over = async { while api.send(capture(&admin.token)).await.status != 401 {} };
    tokio::time::timeout(Duration::from_secs(1), over).await.expect("it takes too long");
    api.send(capture(&admin.token)).await.fails(401, "token.revoked");
    api.send(capture(&other.token)).await.is(201);
    let refresh = Call::post("/api/v1/sessions/refresh").anonymous();
    let reply = api.send(refresh.json(json!({"refresh_token": admin.refresh_token}))).await.is(200);
    api.send(capture(&access(&reply))).await.is(201);
    api.send(roles(&access(&reply))).await.fails(401, "step_up.required");
    api.send(roles(&fresh)).await.is(200);
    assert_eq!(api.history(reply.uuid("session_id")).await, ["session.started", "session.stepped_up"]);
}

#[tokio::test]
async fn no_key_changes_how_somebody_signs_in() {
    let api = Api::new().await;
    let admin = Admin::new(&api).await;
    let kim = api.user("kim@engines.example").await;
    let fresh = access(&api.step_up(&admin.token, PASSWORD, json!({})).await.is(200));
    let scopes = ["user.change", "user.reset_second_factor", "user.change_policy", "user.unlink_provider"];
    let expires_at = Utc::now() + TimeDelta::days(1);
    let body = json!({"name": "K", "scopes": scopes, "expires_at": expires_at});
    let reply = api.send(Call::post("/api/v1/api-keys").bearer(&fresh).json(body)).await.is(201);
    let key = reply.body["data"]["key"].as_str().unwrap();
    let head = api.head().await;
    for (method, to, body) in [
        ("PATCH", path("users", kim, ""), json!({"email": "k@engines.example"})),
        ("DELETE", path("users", kim, "/second-factor"), json!({})),
        ("DELETE", path("users", kim, "/identity-provider"), json!({})),
        ("PUT", "/api/v1/policies/second-factor".to_owned(), json!({"demanded": false})),
    ] {
        let reply = api.send(Call::new(method, &to).bearer(key).json(body)).await;
        reply.fails(403, "person.required");
    }
    assert_eq!(api.head().await, head);
    let rename = Call::new("PATCH", &path("users", kim, "")).bearer(key);
    api.send(rename.json(json!({"name": "Kimberly"}))).await.is(200);
}
